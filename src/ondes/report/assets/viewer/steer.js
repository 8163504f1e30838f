// Buttons that name what they do, and keys: alike on all pages that walk along a recording.

// What looks nearer or wider, about the pointer where it is in sight.
function looks(axis, pointer) {
  const about = () => (axis.holds(pointer.place) ? pointer.place : undefined);
  return {
    closer: () => axis.zoom(1.6, about()),
    wider: () => axis.zoom(1 / 1.6, about()),
    all: () => axis.show(start, end),
  };
}

function steer(actions, keys) {
  const known = {
    "+": actions.closer,
    "=": actions.closer,
    "-": actions.wider,
    0: actions.all,
    ...keys,
  };
  for (const button of document.querySelectorAll("[data-do]"))
    button.addEventListener("click", () => actions[button.dataset.do](button));

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), select, summary");
    const pressing = event.key === " " && event.target.closest("button, input");
    const action = known[event.key];
    if (!action || typing || pressing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action(event);
  });
}
