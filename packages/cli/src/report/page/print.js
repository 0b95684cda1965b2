/** On paper everything is open; afterwards it is as it was. */
/** @type {HTMLDetailsElement[]} */
let opened = [];
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details')].filter(({ open }) => !open);
  for (const client of opened) client.open = true;
});
addEventListener('afterprint', () => {
  for (const client of opened) client.open = false;
  opened = [];
});
