/** Call a method of email_campaigns.api.desk.target_list; resolves to its answer. `freeze` is the sentence shown meanwhile. */
export function call_lists(method, args, freeze) {
	return frappe
		.call({
			method: `email_campaigns.api.desk.target_list.${method}`,
			args,
			freeze: Boolean(freeze),
			freeze_message: freeze,
		})
		.then((answer) => answer.message);
}
