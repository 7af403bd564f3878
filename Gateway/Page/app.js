// The page: what /v1/stream tells, drawn anew whenever it tells something. Only what has changed is touched, so focus, selection and
// scroll positions stay.

const words = {
  ok: 'Healthy', rebuilding: 'Rebuilding', degraded: 'Degraded', unknown: 'Unknown', inactive: 'Inactive', stalled: 'Stalled', failed: 'Failed',
};
const meanings = {
  ok: 'Data is safe: every array is whole.',
  rebuilding: 'Data is there; redundancy is being made complete.',
  degraded: 'Data is there, but redundancy is missing and nothing is being done about it.',
  unknown: 'How things stand is unknown.',
  inactive: 'A volume does not run: its data is not available until it is started.',
  stalled: 'Writers may be waiting: a disk hangs, or a supervisor is stuck.',
  failed: 'Data cannot be read.',
};
const actions = {
  resync: 'Resync', recover: 'Recovery', check: 'Check', repair: 'Repair', reshape: 'Reshape', frozen: 'Frozen',
};
const mostEvents = 50;
const unknownAfter = 15; // seconds without the gateway

const byId = id => document.getElementById(id);
let cluster, status, events = [], daemon = { answers: true }, told = 0, lost, lostAt;

// ---- drawing

const svg = 'http://www.w3.org/2000/svg';

// An element: name.class.class, attributes, children (elements, texts, or nothing).
function make(what, attributes = {}, ...children) {
  const [name, ...classes] = what.split('.');
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) if (value != null) element.setAttribute(key, value);
  element.append(...children.flat().filter(child => child != null));
  return element;
}

function icon(name) {
  const drawing = document.createElementNS(svg, 'svg'), use = document.createElementNS(svg, 'use');
  drawing.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `#${name}`);
  drawing.append(use);
  return drawing;
}

const badge = (health, text) => make('span.badge', { 'data-health': health }, icon(health), text);

// Makes what is there like what is wanted.
function become(there, wanted) {
  if (there.nodeType !== wanted.nodeType || there.nodeName !== wanted.nodeName || there.dataset?.key !== wanted.dataset?.key) {
    there.replaceWith(wanted);
    return;
  }
  if (there.nodeType === Node.TEXT_NODE) {
    if (there.data !== wanted.data) there.data = wanted.data;
    return;
  }
  for (const { name } of [...there.attributes]) if (!wanted.hasAttribute(name)) there.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  fill(there, [...wanted.childNodes]);
}

function fill(parent, wanted) {
  const there = [...parent.childNodes];
  wanted.forEach((node, i) => i < there.length ? become(there[i], node) : parent.append(node));
  there.slice(wanted.length).forEach(node => node.remove());
}

// ---- words

function bytes(count) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = 0;
  while (count >= 999.5 && unit < units.length - 1) { count /= 1000; unit++; }
  return `${unit && count < 10 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86400)} days`;
}

function moment(text) {
  const time = new Date(text);
  return make('time', { datetime: text, title: time.toLocaleString() }, time.toDateString() === new Date().toDateString() ? time.toLocaleTimeString() : time.toLocaleString());
}

// ---- parts

function progress(array) {
  const name = actions[array.action];
  if (!name) return null;
  const p = array.progress;
  if (!p || !p.totalSectors) return make('p.progress', {}, name);
  const fraction = p.doneSectors / p.totalSectors;
  const text = [`${(fraction * 100).toFixed(1)} %`, p.kibPerSecond ? `${bytes(p.kibPerSecond * 1024)}/s` : 'no speed yet', p.secondsLeft != null ? `${duration(p.secondsLeft)} left` : null];
  return make('div.progress', {},
    make('div', {}, make('span', {}, name), ' ', make('span.figures', {}, text.filter(Boolean).join(', '))),
    make('progress', { max: 1, value: fraction, 'aria-label': `${name} of ${array.name}` }));
}

function leg(slot, leg) {
  const has = word => leg?.state.includes(word);
  const [health, text] = !leg ? ['failed', 'missing'] : has('faulty') ? ['failed', 'failed'] : has('in_sync') ? ['ok', 'in sync'] : ['rebuilding', 'rebuilding'];
  return make('li', { 'data-health': health }, icon(health), make('span', {}, make('b', {}, leg?.disk ?? '–'), make('small', {}, `slot ${slot}, ${text}${has('write_mostly') ? ', write-mostly' : ''}`)));
}

function array(array) {
  const facts = [array.level || 'level unknown', bytes(array.sizeBytes), array.chunkBytes ? `${array.chunkBytes / 1024} KiB chunks` : null, array.state];
  const runs = array.state !== 'inactive';
  const slots = Array.from({ length: Math.max(array.raidDisks, 0) }, (_, slot) => array.legs.filter(one => one.slot === slot))
    .flatMap((legs, slot) => legs.length ? legs.map(one => leg(slot, one)) : [leg(slot)]);
  return make('section.array', { 'data-key': array.name, 'aria-label': `Array ${array.name}` },
    make('div.title', {}, make('h3', {}, array.name, array.volumeName ? make('small', {}, ` ${array.volumeName}`) : null), badge(array.health, words[array.health])),
    make('p.facts', {}, facts.filter(Boolean).join(' · ')),
    array.missing > 0 ? make('p.missing', {}, `${array.missing} of ${array.raidDisks} disks ${array.missing === 1 ? 'is' : 'are'} missing or not rebuilt yet`) : null,
    array.missingDisks?.length ? make('p.missing', {}, `Missing: ${array.missingDisks.map(serial => serial || 'a disk without a serial number').join(', ')}`) : null,
    array.conditions?.includes('not-whole') ? make('p.missing', {}, 'The metadata does not have all of its disks in sync') : null,
    ...array.legs.filter(leg => leg.badSectors).map(leg => make('p.missing', {}, `${leg.badSectors} sectors of ${leg.disk} are bad`)),
    progress(array),
    runs && array.legs.length ? make('ul.legs', { 'aria-label': `Disks of ${array.name}` }, slots) : null,
    array.mismatchSectors > 0 ? make('p.missing', {}, `The last check found ${bytes(array.mismatchSectors * 512)} that did not match`) : null);
}

const roles = { member: 'ok', spare: 'ok', failed: 'failed', unknown: 'unknown' };

function disks(container) {
  const row = disk => {
    const health = disk.hangs ? 'stalled' : disk.unwritten || disk.unreadable ? 'degraded' : roles[disk.role] ?? 'unknown';
    return make('tr', { 'data-key': disk.name },
      make('th', { scope: 'row' }, disk.name), make('td', {}, badge(health, disk.role + (disk.hangs ? ', hangs' : disk.unreadable ? ', unreadable' : disk.unwritten ? ', cannot be written' : ''))),
      make('td', {}, disk.serial || '–'), make('td.number', {}, bytes(disk.sizeBytes)), make('td', {}, disk.device));
  };
  return make('div.scroll', { tabindex: 0, role: 'region', 'aria-label': `Disks of ${container.name}` },
    make('table', {}, make('thead', {}, make('tr', {}, ...['Disk', 'Role', 'Serial', 'Size', 'Device'].map(text => make('th', { scope: 'col', class: text === 'Size' ? 'number' : null }, text)))),
      make('tbody', {}, container.disks.map(row))));
}

function container(container) {
  return make('section.card', { 'data-key': container.name, 'aria-label': `Container ${container.name}` },
    make('div.title', {}, make('h2', {}, container.name), badge(container.health, words[container.health])),
    make('p.facts', {}, container.format ? `${container.format} metadata${container.generation ? `, generation ${container.generation}` : ''}` : 'The metadata does not answer'),
    container.waitsFor ? make('p.missing', {}, container.waitsFor, container.waitsSince ? [' since ', moment(container.waitsSince)] : null) : null,
    container.arrays.length ? container.arrays.map(array) : container.waitsFor ? null : make('p.facts', {}, 'It has no volumes.'),
    container.disks.length ? disks(container) : null);
}

function happened(event) {
  const more = [event.cause && `because ${event.cause}`, event.wrote && `wrote ${event.wrote}`, event.microseconds != null && `in ${(event.microseconds / 1000).toFixed(1)} ms`].filter(Boolean).join('; ');
  const where = [event.array ?? event.container, event.disk].filter(Boolean).join(' ');
  return make('li', { 'data-level': event.level, 'data-key': `${event.time}-${event.sequence}` },
    moment(event.time), make('div', {}, make('span', {}, event.level === 'info' || event.level === 'debug' ? null : make('b', {}, `${event.level}: `), where && !event.text.includes(where.split(' ')[0]) ? `${where}: ` : null, event.text), more ? make('small', {}, more) : null));
}

function member(host) {
  const lost = host.standing === 'lost';
  return make('li', { 'data-key': host.host },
    badge(host.health, lost ? 'Lost' : words[host.health]),
    make('div', {}, make('b', {}, host.host), ' ', host.summary.replace(/^[A-Z]+;? +/, ''), host.at ? make('small', {}, 'as of ', moment(host.at)) : null));
}

// ---- the whole

function draw() {
  const silent = lost && (Date.now() - lostAt) / 1000;
  const health = silent > unknownAfter || !status ? 'unknown' : status.health;
  byId('health').dataset.health = health;
  fill(byId('health').firstElementChild, [icon(health)]);
  fill(byId('health').querySelector('h1'), [document.createTextNode(status ? words[health] : lost ? 'Unknown' : 'Connecting')]);
  fill(byId('summary'), [document.createTextNode(status && health === status.health ? status.summary.replace(/^[A-Z]+ +/, '') : ''), make('small', {}, meanings[health])]);
  document.title = status ? `${words[health]} – ${status.host}` : 'ActorRaid';

  // What comes and goes by the second is not read out: the words say since when.
  const notice = lost ? `The gateway has not answered since ${new Date(lostAt).toLocaleTimeString()}. This is what it told last.`
    : !daemon.answers ? `The daemon has not answered since ${new Date(told - daemon.ageSeconds * 1000).toLocaleTimeString()}${status ? '; this is what it told last' : ''}: ${daemon.text}` : '';
  if (byId('notice').textContent !== notice) byId('notice').textContent = notice;
  byId('notice').hidden = !notice;
  if (status) {
    byId('host').textContent = status.host;
    fill(byId('at'), [document.createTextNode(`as of ${new Date(status.at).toLocaleTimeString()}`)]);
    byId('at').dateTime = status.at;
    fill(byId('containers'), status.containers.length ? status.containers.map(container) : [make('p.card', {}, status.problem ? `Which containers there are is unknown: ${status.problem}.` : 'There is no container on this host.')]);
    byId('native').hidden = !status.nativeArrays?.length;
    fill(byId('native-arrays'), (status.nativeArrays ?? []).map(array));
  }
  if (cluster) {
    byId('cluster').hidden = false;
    fill(byId('cluster-health'), [badge(cluster.health, words[cluster.health])]);
    byId('cluster-summary').textContent = cluster.summary + (cluster.trouble ? `. This may be out of date: ${cluster.trouble}` : '');
    fill(byId('hosts'), cluster.hosts.map(member));
  }
  byId('events').hidden = !events.length;
  fill(byId('event-list'), events.map(happened));
}

let asked;
function soon() {
  asked ??= requestAnimationFrame(() => { asked = undefined; draw(); });
}

const stream = new EventSource('/v1/stream');
stream.addEventListener('open', () => { lost = false; soon(); });
stream.addEventListener('error', () => { if (!lost) { lost = true; lostAt = Date.now(); } soon(); });
stream.addEventListener('status', message => { status = JSON.parse(message.data); soon(); });
stream.addEventListener('daemon', message => { daemon = JSON.parse(message.data); told = Date.now(); soon(); });
stream.addEventListener('event', message => {
  const event = JSON.parse(message.data);
  if (event.level !== 'debug' && !events.some(one => one.time === event.time && one.sequence === event.sequence)) events = [event, ...events].slice(0, mostEvents);
  soon();
});
if (byId('cluster').dataset.member === 'yes')
  new EventSource('/v1/cluster-stream').addEventListener('cluster', message => { cluster = JSON.parse(message.data); soon(); });
setInterval(() => { if (lost) soon(); }, 1000);
