/** Asked before the map is loaded: whether this browser can draw it at all (where not, pages do with text), and how. */
function context(): WebGL2RenderingContext | null {
  return document.createElement('canvas').getContext('webgl2');
}

export function canDraw(): boolean {
  return context() !== null;
}

/** What browsers call the drawing of graphics by the processor. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether the processor draws, in place of a graphics card: then what is smooth and dear is left out. */
export function drawsInSoftware(): boolean {
  const gl = context();
  const told = gl?.getExtension('WEBGL_debug_renderer_info');
  return told != null && SOFTWARE.test(String(gl?.getParameter(told.UNMASKED_RENDERER_WEBGL)));
}
