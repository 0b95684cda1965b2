<?php
// A front controller, as PHP applications have one: it decodes and resolves the path by itself.
$path = rawurldecode(explode('?', $_SERVER['REQUEST_URI'], 2)[0]);
header('Content-Type: text/plain');
if ($path === '/headers') {
    foreach ($_SERVER as $name => $value) {
        if (str_starts_with($name, 'HTTP_')) echo "$name=$value\n";
    }
    exit;
}
$root = realpath($_SERVER['SITE_ROOT']);
$file = realpath($root . '/' . str_replace('\\', '/', $path));
if ($file === false || !is_file($file) || !str_starts_with($file, $root . '/')) {
    http_response_code(404);
    exit;
}
readfile($file);
