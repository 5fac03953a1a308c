import { call, escape, saved } from "./call";

/** Offer the addresses of webhooks, and topics of Amazon SNS that ask to be confirmed. */
export function offer_webhooks(frm) {
	const rows = frm.doc.webhook_sources || [];
	const { grid } = frm.fields_dict.webhook_sources;
	// The grid keeps its buttons from one refresh to the next.
	const $addresses = grid.add_custom_button(__("Webhook Addresses…"), () =>
		saved(frm).then(show_addresses)
	);
	const $topics = grid.add_custom_button(__("Confirm a Topic…"), () =>
		saved(frm).then(() => choose_topic(frm))
	);
	$addresses.toggleClass("hidden", !rows.length);
	$topics.toggleClass("hidden", !rows.some(({ provider }) => provider === "Amazon SES"));
}

async function show_addresses() {
	const addresses = await call("webhooks.addresses");
	const lines = addresses.map(
		({ provider, url }) => `<p><b>${escape(provider)}</b><br><code>${escape(url)}</code></p>`
	);
	const hint = __("Whoever knows such an address can report bounces. Give it to the provider alone.");
	frappe.msgprint({
		title: __("Webhook Addresses"),
		message: `${lines.join("")}<p class="text-muted">${escape(hint)}</p>`,
		wide: true,
	});
}

async function choose_topic(frm) {
	const topics = await call("webhooks.topics");
	if (!topics.length)
		return frappe.msgprint(
			__(
				"No topic asks to be confirmed. Add the address as a subscription of the topic at Amazon SNS first."
			)
		);
	const explanation = __(
		"Any AWS account can ask. Confirm a topic only if its account and its name are yours."
	);
	frappe.prompt(
		[
			{ fieldtype: "HTML", options: `<p>${escape(explanation)}</p>` },
			{ fieldtype: "Select", fieldname: "topic", label: __("Topic"), options: topics, reqd: 1 },
		],
		(values) => call("webhooks.confirm_topic", values, __("Confirming…")).then(() => frm.reload_doc()),
		__("Confirm a Topic"),
		__("Confirm")
	);
}
