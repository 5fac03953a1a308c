// A CRM Form Script: Frappe CRM calls setupForm for each record and setupList for each list of DOCTYPE.

// What the user may do comes first: without a list or a campaign there is no action.
const METHODS = "email_campaigns.api.desk.";

function offered(call) {
	return call(`${METHODS}crm.choices`).catch(() => ({ lists: [], campaigns: [] }));
}

function escaped(text) {
	const element = document.createElement("div");
	element.textContent = text;
	return element.innerHTML.replaceAll('"', "&quot;");
}

function field_of(id, label, input) {
	return `<label for="${id}" style="display: block; margin: 8px 0 4px">${label}</label>${input}`;
}

function select_of(id, label, choices) {
	const options = choices.map(
		({ value, label: text }) => `<option value="${escaped(value)}">${escaped(text)}</option>`
	);
	const style = "width: 100%; padding: 4px 8px; border: 1px solid #ccc; border-radius: 6px";
	return field_of(id, label, `<select id="${id}" style="${style}">${options.join("")}</select>`);
}

function value_of(id) {
	return document.getElementById(id).value;
}

function explain(toast, error) {
	const [message = __("An error occurred")] = error.messages || [];
	toast.error(new DOMParser().parseFromString(message, "text/html").body.textContent);
}

function actions_of({ lists, campaigns }, names, { call, $dialog, toast, done = () => {} }) {
	const id = `ec-${Math.random().toString(36).slice(2)}`;
	const send = (method, values, sentence) => (close) =>
		call(METHODS + method, { doctype: "DOCTYPE", names: names(), ...values() })
			.then((answer) => {
				toast.success(sentence(answer));
				// Why somebody was left out: {reason: number}.
				for (const [reason, count] of Object.entries(answer.left_out || {}))
					toast.error(`${count}: ${__(reason)}`);
				(typeof close === "function" ? close : close.close)();
				done();
			})
			.catch((error) => explain(toast, error));
	const ask = (title, html, label, onClick) =>
		$dialog({ title, html, actions: [{ label, variant: "solid", onClick }] });
	const join = send(
		"members.add_members",
		() => ({ target_list: value_of(`${id}-list`) }),
		(count) => __("{0} records are joining in the background.", [count])
	);
	const enrol = send(
		"drip.enrol",
		() => ({ campaign: value_of(`${id}-campaign`), start_date: value_of(`${id}-start`) }),
		({ enrolled, queued }) =>
			queued
				? __("{0} records are being enrolled in the background. You get a notification.", [queued])
				: __("{0} recipients were enrolled.", [enrolled])
	);
	const today = new Date().toLocaleDateString("sv-SE");
	const start = `<input id="${id}-start" type="date" min="${today}" value="${today}">`;
	return [
		lists.length && {
			label: __("Add to Target List"),
			onClick: () =>
				ask(
					__("Add to Target List"),
					select_of(`${id}-list`, __("Target List"), lists),
					__("Add"),
					join
				),
		},
		campaigns.length && {
			label: __("Enrol in Campaign"),
			onClick: () =>
				ask(
					__("Enrol in Campaign"),
					select_of(`${id}-campaign`, __("Campaign"), campaigns) +
						field_of(`${id}-start`, __("Start Date"), start),
					__("Enrol"),
					enrol
				),
		},
	].filter(Boolean);
}

async function setupForm({ doc, call, $dialog, toast }) {
	if (!doc || !doc.name) return { actions: [] };
	const actions = actions_of(await offered(call), () => [doc.name], { call, $dialog, toast });
	return actions.length
		? { actions: [{ group: __("Email Campaigns"), hideLabel: false, items: actions }] }
		: { actions };
}

async function setupList({ call }) {
	const choices = await offered(call);
	// The list gives the selection, and its helpers, with each click.
	const run = (index) => (context) => {
		const names = () => Array.from(context.selections);
		const helpers = { ...context, done: context.unselectAll };
		actions_of(choices, names, helpers)[index].onClick();
	};
	const bulk_actions = actions_of(choices, () => [], {}).map(({ label }, index) => ({
		label,
		onClick: run(index),
	}));
	return { actions: [], bulk_actions };
}
