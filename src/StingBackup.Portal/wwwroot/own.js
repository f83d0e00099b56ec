// A person's pages: each works without this.
'use strict';

// On a small screen the menu scrolls to the page that is shown.
document.querySelector('.menu [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

// What is chosen is shown at once.
for (const field of document.querySelectorAll('[data-submit]')) {
  field.addEventListener('change', () => field.form.requestSubmit());
}
for (const button of document.querySelectorAll('[data-auto]')) {
  button.hidden = true;
}

// How many are selected, and all of them at once.
for (const form of document.querySelectorAll('[data-selection]')) {
  const boxes = [...form.querySelectorAll('input[type=checkbox][name=path]')];
  const told = form.querySelector('[data-count]');
  const buttons = [...form.querySelectorAll('button[name=act]')];
  const all = document.createElement('input');
  all.type = 'checkbox';
  const head = form.querySelector('thead .tick');
  all.setAttribute('aria-label', head.textContent.trim());
  head.append(all);
  const count = () => {
    const n = boxes.filter(b => b.checked).length;
    told.textContent = told.dataset.count.replace('#', n);
    buttons.forEach(b => { b.disabled = n === 0; });
    all.checked = n === boxes.length;
    all.indeterminate = n > 0 && n < boxes.length;
  };
  all.addEventListener('change', () => { boxes.forEach(b => { b.checked = all.checked; }); count(); });
  form.addEventListener('change', e => { if (e.target !== all) count(); });
  count();
}

// A job's progress as it comes; the page is loaded again when it has ended.
for (const job of document.querySelectorAll('[data-events]')) {
  const bar = job.querySelector('progress');
  const status = job.querySelector('[data-status]');
  const number = new Intl.NumberFormat('en');
  const size = bytes => {
    const units = ['B', 'KB', 'MB', 'GB', 'TB'];
    let unit = 0;
    while (bytes >= 1023.5 && unit < units.length - 1) { bytes /= 1024; unit++; }
    return (unit === 0 || bytes >= 99.95 ? bytes.toFixed(0) : bytes.toFixed(1)) + ' ' + units[unit];
  };
  const source = new EventSource(job.dataset.events);
  source.addEventListener('progress', e => {
    const v = JSON.parse(e.data);
    if (v.percent === null) { bar.removeAttribute('value'); } else { bar.value = v.percent; }
    status.textContent = status.dataset.status.replace('{0}', number.format(v.doneItems)).replace('{1}', v.totalItems === null ? '?' : number.format(v.totalItems)).replace('{2}', size(v.doneBytes));
  });
  source.addEventListener('end', () => { source.close(); location.reload(); });
}
