/** Light, dark, or as the system has it; not remembered, since a file has no place for it. */
const chooser = document.querySelector('.theme');
if (chooser instanceof HTMLElement) {
  chooser.hidden = false;
  chooser.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement) document.documentElement.dataset['theme'] = target.value;
  });
}
