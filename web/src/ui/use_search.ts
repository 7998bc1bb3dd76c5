/** The answer to a question that is being typed, requested when the typing pauses. */
import { useEffect, useRef, useState } from 'preact/hooks';

const PAUSE_MS = 250;
const SHORTEST = 2;

interface Search<T> {
  /** The question that was answered; empty while there is no answer. */
  question: string;
  answer: T | null;
  error: unknown;
}

const NOTHING = { question: '', answer: null, error: null };

export function useSearch<T>(typed: string, search: (question: string) => Promise<T>): Search<T> {
  const [found, setFound] = useState<Search<T>>(NOTHING);
  const latest = useRef(search);
  latest.current = search;
  const question = typed.trim();
  useEffect(() => {
    if (question.length < SHORTEST) {
      setFound(NOTHING);
      return;
    }
    let stale = false;
    const timer = setTimeout(() => {
      latest.current(question).then(
        (answer) => !stale && setFound({ question, answer, error: null }),
        (error: unknown) => !stale && setFound({ question, answer: null, error }),
      );
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [question]);
  return found;
}
