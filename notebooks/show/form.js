(() => {
    const form = document.getElementById("{{.ID}}");
    const comm = globalThis?.gonb_comm;
    if (!comm || !form) {
        console.error("the form finds no connection to its cell");
        return;
    }
    const order = comm.newSyncedVariable("{{.Address}}", "");
    let sent = 0;
    const send = (done) => {
        sent++;
        const text = form.querySelector("[name=text]").value;
        const number = Number(form.querySelector("[name=number]").value);
        order.set(JSON.stringify({sent, done, text, number}));
    };
    const number = form.querySelector("[name=number]");
    number.addEventListener("input", () => { form.querySelector("output").textContent = number.value; });
    number.addEventListener("change", () => send(false));
    form.querySelector("[name=text]").addEventListener("keydown", (event) => {
        event.stopPropagation(); // the notebook has keys of its own
        if (event.key === "Enter") {
            event.preventDefault();
            send(false);
        }
    });
    form.querySelector("[name=draw]").addEventListener("click", () => send(false));
    form.querySelector("[name=done]").addEventListener("click", () => send(true));
    send(false);
})();
