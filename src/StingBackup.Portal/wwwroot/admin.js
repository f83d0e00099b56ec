// Keeps parts of a page fresh: they are fetched as the page has them, and put in place. Nothing here is needed to use a page.
'use strict';
(() => {
  // On a phone the tabs are wider than the screen.
  document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

  const parts = () => document.querySelectorAll('[id][data-refresh], [id][data-events]');
  let busy = false;

  async function refresh(ids) {
    if (busy || document.hidden) { return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html', 'X-Refresh': '1' }, redirect: 'error' });
      if (!answer.ok) { return; }
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      for (const id of ids) {
        const [here, there] = [document.getElementById(id), fresh.getElementById(id)];
        // Whoever is at work in it with the keyboard keeps his place.
        if (here && there && !here.contains(document.activeElement) && here.outerHTML !== there.outerHTML) { here.replaceWith(there); }
      }
    } catch {
      // The session may be over, or the portal away: the page stays as it is.
    } finally {
      busy = false;
    }
  }

  function watch() {
    const due = [...parts()].filter((part) => part.dataset.refresh);
    if (due.length === 0) { return; }
    setTimeout(async () => { await refresh(due.map((part) => part.id)); watch(); }, Math.min(...due.map((part) => Number(part.dataset.refresh))) * 1000);
  }

  watch();
  for (const part of document.querySelectorAll('[id][data-events]')) {
    const events = new EventSource(part.dataset.events);
    events.onmessage = () => refresh([part.id]);
    addEventListener('pagehide', () => events.close());
  }
})();
