#!/bin/sh
# The variables that CGI makes of the request's header fields.
printf 'Content-Type: text/plain\r\n\r\n'
env | grep '^HTTP_'
