"""The shaders of `gl_scene`: vertex and fragment code of each kind of item. The light is that of `engine.raster`'s meshes."""

BACKDROP = (
    """
attribute vec2 corner;
varying float v_up;
void main() { v_up = 0.5 + 0.5 * corner.y; gl_Position = vec4(corner, 0.0, 1.0); }
""",
    """
uniform vec3 u_top; uniform vec3 u_bottom;
varying float v_up;
float noise(vec2 at) { return fract(52.9829189 * fract(dot(at, vec2(0.06711056, 0.00583715)))); }
void main() {
    vec3 colour = mix(u_bottom, u_top, v_up) + (noise(gl_FragCoord.xy) - 0.5) / 255.0;
    gl_FragColor = vec4(colour, 1.0);
}
""",
)

SURFACE = (
    """
attribute vec3 vertex; attribute vec3 normal; attribute vec3 colour; attribute vec3 weight;
uniform mat4 u_camera; uniform mat4 u_clip;
varying vec3 v_place; varying vec3 v_normal; varying vec3 v_colour; varying vec3 v_weight;
void main() {
    vec4 place = u_camera * vec4(vertex, 1.0);
    v_place = place.xyz; v_normal = mat3(u_camera) * normal; v_colour = colour; v_weight = weight;
    gl_Position = u_clip * place;
}
""",
    """
uniform float u_flat; uniform float u_wires;
varying vec3 v_place; varying vec3 v_normal; varying vec3 v_colour; varying vec3 v_weight;
const vec3 KEY = vec3(-0.42, -0.62, -0.663);
void main() {
    vec3 sight = normalize(-v_place);
    vec3 plane = normalize(cross(dFdx(v_place), dFdy(v_place)));
    plane = dot(plane, sight) < 0.0 ? -plane : plane;
    vec3 smoothed = dot(v_normal, v_normal) > 0.0 ? normalize(v_normal) : plane;
    smoothed = dot(smoothed, plane) < 0.0 ? -smoothed : smoothed;
    vec3 n = u_flat > 0.5 ? plane : smoothed;
    float facing = max(dot(n, sight), 0.0);
    float key = max((dot(n, KEY) + 0.3) / 1.3, 0.0);
    float sky = 0.5 - 0.5 * n.y;
    float gloss = pow(max(dot(n, normalize(KEY + sight)), 0.0), 32.0);
    float edge = (1.0 - facing) * (1.0 - facing);
    float diffuse = 0.05 + 0.21 * sky + 0.66 * key * key + 0.14 * facing;
    vec3 pixels = v_weight / fwidth(v_weight);
    float nearest = min(pixels.x, min(pixels.y, pixels.z));
    diffuse *= 1.0 - u_wires * 0.55 * clamp(1.0 - nearest, 0.0, 1.0);
    vec3 light = v_colour * diffuse + 0.06 * gloss + 0.07 * edge * edge * sky;
    gl_FragColor = vec4(sqrt(min(light, 1.0)), 1.0);
}
""",
)

CLOUD = (
    """
attribute vec3 vertex; attribute vec3 colour;
uniform mat4 u_camera; uniform mat4 u_clip; uniform float u_width;
varying vec3 v_colour; varying float v_radius;
void main() {
    v_colour = colour; v_radius = 0.5 * max(u_width, 1.0);
    gl_Position = u_clip * vec4(0.996 * (u_camera * vec4(vertex, 1.0)).xyz, 1.0);
    gl_PointSize = 2.0 * v_radius + 1.0;
}
""",
    """
varying vec3 v_colour; varying float v_radius;
void main() {
    float away = length(gl_PointCoord - 0.5) * (2.0 * v_radius + 1.0);
    float covered = clamp(v_radius + 0.5 - away, 0.0, 1.0);
    if (covered == 0.0) discard;
    gl_FragColor = vec4(v_colour, covered);
}
""",
)

STROKES = (
    """
attribute vec3 start; attribute vec3 end; attribute vec3 colour; attribute vec2 corner;
uniform mat4 u_camera; uniform mat4 u_clip; uniform vec2 u_size; uniform float u_width;
varying vec4 v_colour;
void main() {
    vec4 a = u_clip * vec4(0.996 * (u_camera * vec4(start, 1.0)).xyz, 1.0);
    vec4 b = u_clip * vec4(0.996 * (u_camera * vec4(end, 1.0)).xyz, 1.0);
    float near_a = a.z + a.w, near_b = b.z + b.w;
    if (near_a < 0.0 && near_b > 0.0) a = mix(a, b, near_a / (near_a - near_b) + 1e-4);
    if (near_b < 0.0 && near_a > 0.0) b = mix(b, a, near_b / (near_b - near_a) + 1e-4);
    vec2 along = (b.xy / b.w - a.xy / a.w) * u_size;
    along = dot(along, along) > 0.0 ? normalize(along) : vec2(1.0, 0.0);
    vec4 place = corner.x < 0.5 ? a : b;
    place.xy += vec2(-along.y, along.x) * corner.y * max(u_width, 1.0) / u_size * place.w;
    v_colour = vec4(colour, min(u_width, 1.0));
    gl_Position = place;
}
""",
    """
varying vec4 v_colour;
void main() { gl_FragColor = v_colour; }
""",
)
