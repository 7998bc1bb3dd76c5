/** A QR code, drawn in the browser: its content is sent nowhere. */
import { useMemo } from 'preact/hooks';
import { encode } from 'uqr';

export function QrCode({ code, label }: { code: string; label: string }) {
  const { size, path } = useMemo(() => drawn(code), [code]);
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      data-code={code}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function drawn(code: string): { size: number; path: string } {
  const { data, size } = encode(code, { border: 4, ecc: 'M' });
  const squares = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')));
  return { size, path: squares.join('') };
}
