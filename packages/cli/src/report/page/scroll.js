/** A table that is wider than its place can be scrolled with the keyboard; one that fits is no stop on the way. */
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      target.setAttribute('tabindex', '0');
      target.setAttribute('role', 'region');
      target.setAttribute('aria-label', `${target.querySelector('caption')?.textContent ?? 'Table'}, scrolls sideways`);
    } else {
      for (const name of ['tabindex', 'role', 'aria-label']) target.removeAttribute(name);
    }
  }
});
for (const place of document.querySelectorAll('.scroll')) watcher.observe(place);
