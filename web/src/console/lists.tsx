/** The lists beside the map: requests, trips, cars and alarms. They offer all actions of the map. */
import { useRef } from 'preact/hooks';
import { isUnsettled } from './alarm_board';
import { AlarmList } from './alarm_list';
import { CarList } from './car_list';
import { TABS, type Tab, useConsole } from './console_state';
import { text } from './i18n';
import { RequestList, TripList } from './trip_list';

const LISTS: Record<Tab, () => preact.JSX.Element> = {
  requests: RequestList,
  trips: TripList,
  cars: CarList,
  alarms: AlarmList,
};

export function Lists() {
  const consoleState = useConsole();
  const tabs = useRef<HTMLDivElement>(null);
  const chosen = consoleState.tab.value;
  const List = LISTS[chosen];
  const turn = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = TABS[(TABS.indexOf(chosen) + step + TABS.length) % TABS.length] ?? 'requests';
    consoleState.tab.value = next;
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
              consoleState.tab.value = tab;
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
            aria-pressed={consoleState.side.value === side}
            onClick={() => {
              consoleState.side.value = side;
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
  const { store } = useConsole();
  void store.tripsVersion.value;
  const counts: Record<Tab, () => number> = {
    requests: () => store.trips.group('waiting').length,
    trips: () => store.trips.group('open').length,
    cars: () => store.fleet.value.size,
    alarms: () => store.alarms.value.filter(isUnsettled).length,
  };
  const count = counts[tab]();
  return <span class={`count number ${tab === 'alarms' && count > 0 ? 'bad' : ''}`}>{count}</span>;
}
