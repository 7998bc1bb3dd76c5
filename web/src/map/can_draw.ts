/** Whether this browser can draw the map at all; where not, pages do with text. Asked before the map is loaded. */
export function canDraw(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null;
}
