import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: [],
  client: ['protocol'],
  ui: ['client', 'protocol'],
  map: ['ui', 'client', 'protocol'],
  console: ['map', 'ui', 'client', 'protocol'],
  drive: ['map', 'ui', 'client', 'protocol'],
  ride: ['map', 'ui', 'client', 'protocol'],
  home: ['ui'],
};

const isModule = (name: string) => /\.tsx?$/.test(name) && !/\.(test|d)\.tsx?$/.test(name);
const FILES = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(isModule);
const withoutEnding = (name: string) => name.replace(/(\/index)?\.tsx?$/, '');

/** The modules that each module imports, type-only and dynamic imports among them. */
const IMPORTS = new Map(
  FILES.map((file) => {
    const source = readFileSync(join(import.meta.dirname, file), 'utf8');
    const targets = [...source.matchAll(/(?:from |import |import\()'(\.[^']*)'/g)].map((found) => found[1] as string);
    return [withoutEnding(file), targets.map((target) => normalize(join(file, '..', target)))] as const;
  }),
);
const folderOf = (module: string) => module.split('/')[0] as string;

test('each folder imports only the folders below it', () => {
  for (const [module, targets] of IMPORTS) {
    const own = folderOf(module);
    const others = targets.map(folderOf).filter((folder) => folder !== own);
    expect(MAY_IMPORT[own], module).toEqual(expect.arrayContaining(others));
  }
});

test('no modules import each other in a cycle, not even types', () => {
  const done = new Set<string>();
  const visit = (module: string, path: readonly string[]) => {
    expect(path, `cycle at ${module}`).not.toContain(module);
    if (done.has(module)) return;
    for (const target of IMPORTS.get(module) ?? []) visit(target, [...path, module]);
    done.add(module);
  };
  for (const module of IMPORTS.keys()) visit(module, []);
  expect(done.size).toBeGreaterThan(150);
});
