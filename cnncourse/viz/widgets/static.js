// The model of a widget on a page without a kernel: what anywidget's model does, within the page alone.
function modelOf(state) {
  const listeners = {};
  const tell = (event) => (listeners[event] ?? []).forEach((listener) => listener());
  return {
    get: (name) => state[name],
    set: (name, value) => {
      if (state[name] === value) return;
      state[name] = value;
      tell(`change:${name}`);
      tell("change");
    },
    on: (event, listener) => {
      listeners[event] = [...(listeners[event] ?? []), listener];
    },
    off: (event, listener) => {
      listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener);
    },
    save_changes: () => {}, // there is nobody to send them to
  };
}
