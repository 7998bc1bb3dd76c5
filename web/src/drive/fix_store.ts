/** Stores unacknowledged positions in IndexedDB across restarts; without IndexedDB nothing is stored. */
import type { NumberedFix } from './unacked_fixes';

const STORE = 'fixes';

export interface FixStore {
  load: () => Promise<NumberedFix[]>;
  put: (fix: NumberedFix) => void;
  /** Deletes all fixes up to this number. */
  drop: (until: number) => void;
}

/** The positions of one vehicle, which only its own app sends. */
export function openFixStore(vehicle: string): FixStore {
  const opened = open().catch(() => null);
  const upTo = (n: number) => IDBKeyRange.bound([vehicle, 0], [vehicle, n]);
  const change = (work: (store: IDBObjectStore) => void) =>
    void opened.then((database) => {
      if (database !== null) work(database.transaction(STORE, 'readwrite').objectStore(STORE));
    });
  return {
    load: async () => {
      const database = await opened;
      if (database === null) return [];
      const store = database.transaction(STORE).objectStore(STORE);
      return resultOf<NumberedFix[]>(store.getAll(upTo(Number.MAX_SAFE_INTEGER))).catch(() => []);
    },
    put: (fix) => change((store) => store.put(fix, [vehicle, fix.n])),
    drop: (until) => change((store) => store.delete(upTo(until))),
  };
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open('taxi.drive', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return resultOf(request);
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
