/** Opens and closes all clients of the timeline, and leads from what is not listed there to the table of tokens. */
const controls = document.querySelector('.controls');
if (controls instanceof HTMLElement) {
  controls.hidden = false;
  controls.addEventListener('click', ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return;
    for (const client of document.querySelectorAll('details')) client.open = target.dataset['open'] === 'all';
  });
}

const filters = document.querySelector('form.filters');
if (filters instanceof HTMLFormElement) {
  for (const place of document.querySelectorAll('.more')) {
    if (!(place instanceof HTMLElement)) continue;
    const { client, attention } = place.dataset;
    const choice = client === undefined ? 'attention' : 'client';
    const field = filters.elements.namedItem(choice);
    const value = client ?? attention ?? '';
    // Clients and keys are not in the table, and some clients' tokens did not fit.
    if (!(field instanceof HTMLSelectElement) || ![...field.options].some((option) => option.value === value)) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Show in the table';
    button.addEventListener('click', () => {
      filters.reset();
      field.value = value;
      field.dispatchEvent(new Event('change', { bubbles: true }));
      field.scrollIntoView({ block: 'center' });
      field.focus();
    });
    place.append(': ', button);
  }
}
