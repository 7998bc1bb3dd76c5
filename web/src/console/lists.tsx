/** The lists beside the map. All that the map shows of requests, trips, cars and alarms can be done from here. */
import { useRef } from 'preact/hooks';
import { isWaiting } from './alarm_board';
import { AlarmList } from './alarm_list';
import { CarList } from './car_list';
import { TABS, type Tab, useWorkplace } from './console_state';
import { text } from './texts';
import { RequestList, TripList } from './trip_list';

const LISTS: Record<Tab, () => preact.JSX.Element> = {
  requests: RequestList,
  trips: TripList,
  cars: CarList,
  alarms: AlarmList,
};

export function Lists() {
  const workplace = useWorkplace();
  const tabs = useRef<HTMLDivElement>(null);
  const chosen = workplace.tab.value;
  const List = LISTS[chosen];
  const turn = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = TABS[(TABS.indexOf(chosen) + step + TABS.length) % TABS.length] ?? 'requests';
    workplace.tab.value = next;
    tabs.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
    event.preventDefault();
  };
  return (
    <section class="lists" aria-label={text('lists.region')}>
      <div class="tabs" role="tablist" aria-label={text('lists.region')} ref={tabs} onKeyDown={turn}>
        {TABS.map((tab, place) => (
          <button
            key={tab}
            id={`tab-${tab}`}
            type="button"
            role="tab"
            aria-selected={tab === chosen}
            aria-controls="list"
            aria-keyshortcuts={String(place + 1)}
            tabIndex={tab === chosen ? 0 : -1}
            onClick={() => {
              workplace.tab.value = tab;
            }}
          >
            {text(`tab.${tab}`)} <Count tab={tab} />
          </button>
        ))}
      </div>
      <div class="list" id="list" role="tabpanel" aria-labelledby={`tab-${chosen}`}>
        <List />
      </div>
      <div class="sides">
        {(['list', 'map'] as const).map((side) => (
          <button
            key={side}
            type="button"
            class="button"
            aria-pressed={workplace.side.value === side}
            onClick={() => {
              workplace.side.value = side;
            }}
          >
            {text(`side.${side}`)}
          </button>
        ))}
      </div>
    </section>
  );
}

function Count({ tab }: { tab: Tab }) {
  const { desk } = useWorkplace();
  void desk.tripsTurn.value;
  const counts: Record<Tab, () => number> = {
    requests: () => desk.trips.group('waiting').length,
    trips: () => desk.trips.group('open').length,
    cars: () => desk.fleet.value.size,
    alarms: () => desk.alarms.value.filter(isWaiting).length,
  };
  const count = counts[tab]();
  return <span class={`count number ${tab === 'alarms' && count > 0 ? 'bad' : ''}`}>{count}</span>;
}
