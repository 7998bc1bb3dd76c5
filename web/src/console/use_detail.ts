/** What is known of a car or trip, read anew whenever its stream says that something has happened. */
import { useEffect, useState } from 'preact/hooks';
import { Refusal } from '../client/http';
import { useWorkplace } from './console_state';

export interface Told<T> {
  story: T | null;
  problem: unknown;
  again: () => void;
}

const QUIET_MS = 250;

export function useStory<T>(path: string, stream: string): Told<T> {
  const { desk } = useWorkplace();
  const [story, setStory] = useState<T | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let open = true;
    let timer = 0;
    const read = () => {
      desk.read<T>(path).then(
        (told) => {
          if (!open) return;
          setStory(told);
          setProblem(null);
        },
        (error) => open && setProblem(error),
      );
    };
    const stop = desk.follow(stream, () => {
      clearTimeout(timer);
      timer = window.setTimeout(read, QUIET_MS);
    });
    read();
    return () => {
      open = false;
      clearTimeout(timer);
      stop();
    };
  }, [desk, path, stream, turn]);
  return {
    story,
    problem: problem instanceof Refusal && story !== null ? null : problem,
    again: () => setTurn(turn + 1),
  };
}
