const groups = within => [...within.querySelectorAll(".slider-group")];
const reach = () => groups(document).filter(slider => !slider.hasAttribute("tabindex"))
    .forEach(slider => Object.entries({tabindex: 0, role: "slider", "aria-label": "slider"})
        .forEach(([name, value]) => slider.setAttribute(name, value)));
const steps = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1};
window.addEventListener("keydown", event => {
    const slider = steps[event.key] && event.target.closest?.(".slider-group");
    if (!slider) return;
    event.preventDefault(), event.stopImmediatePropagation();
    const plot = slider.closest(".js-plotly-plot"), place = groups(plot).indexOf(slider);
    const next = plot._fullLayout.sliders[place].active + steps[event.key];
    const tick = slider.querySelectorAll(".slider-tick-rect")[next]?.getBoundingClientRect();
    if (!tick) return;
    const at = {clientX: tick.x + tick.width / 2, clientY: tick.y, bubbles: true, view: window};
    slider.querySelector(".slider-rail-touch-rect").dispatchEvent(new MouseEvent("mousedown", at));
    plot.dispatchEvent(new MouseEvent("mouseup", at));
    reach();
    groups(plot)[place].focus();
}, true);
new MutationObserver(reach).observe(document.body, {childList: true, subtree: true});
reach();
