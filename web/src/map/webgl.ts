/** Whether the browser can draw maps, checked before the map code is loaded. */
function context(): WebGL2RenderingContext | null {
  return document.createElement('canvas').getContext('webgl2');
}

export function canDrawMap(): boolean {
  return context() !== null;
}

/** Names of renderers that draw on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** True if the processor draws instead of a graphics card; expensive effects are then left out. */
export function drawsInSoftware(): boolean {
  const gl = context();
  const info = gl?.getExtension('WEBGL_debug_renderer_info');
  return info != null && SOFTWARE.test(String(gl?.getParameter(info.UNMASKED_RENDERER_WEBGL)));
}
