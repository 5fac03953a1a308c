import { call, escape, hide_dialog, number } from "../call";
import { watch_members } from "./import_members";

const other_lists = (frm) => ({ filters: { name: ["!=", frm.doc.name] } });

/** Compare a list with another one, and make a list of each part. */
export function compare_lists(frm) {
	const dialog = new frappe.ui.Dialog({
		title: __("Compare {0}", [frm.doc.name]),
		fields: [
			{
				fieldtype: "Link",
				fieldname: "other",
				label: __("With"),
				options: "Target List",
				reqd: 1,
				get_query: () => other_lists(frm),
				change: () => compare(frm, dialog),
			},
			{ fieldtype: "HTML", fieldname: "numbers" },
		],
	});
	dialog.show();
}

function compare(frm, dialog) {
	const first = frm.doc.name;
	const second = dialog.get_value("other");
	const $area = dialog.fields_dict.numbers.$wrapper.empty();
	if (!second) return;
	call("target_list.compare_lists", { first, second }, __("Comparing…")).then((numbers) => {
		if (second !== dialog.get_value("other")) return;
		const parts = [
			[
				__("Only on {0}", [first]),
				numbers.only_first,
				{ target_list: first, part: "only", other: second },
			],
			[__("On both"), numbers.both, { target_list: first, part: "both", other: second }],
			[
				__("Only on {0}", [second]),
				numbers.only_second,
				{ target_list: second, part: "only", other: first },
			],
		];
		const may_create = frappe.model.can_create("Target List");
		const rows = parts.map(([label, members], place) => {
			const button = `<button class="btn btn-xs btn-default" data-part="${place}">${__("Make a List…")}</button>`;
			return `<tr><td>${escape(label)}</td><td class="text-right"><b>${number(members)}</b></td>
				<td class="text-right">${may_create && members ? button : ""}</td></tr>`;
		});
		$area.html(`<table class="table mb-2"><tbody>${rows.join("")}</tbody></table>
			<p class="text-muted small">${__("The same record or the same address is the same person.")}</p>`);
		$area.find("[data-part]").on("click", function () {
			const [label, , args] = parts[$(this).attr("data-part")];
			ask_for_title(label === __("On both") ? __("{0} and {1}", [first, second]) : label, args, dialog);
		});
	});
}

/** Make another list with the same members. */
export function copy_list(frm) {
	ask_for_title(__("{0} (copy)", [frm.doc.name]), { target_list: frm.doc.name });
}

function ask_for_title(title, args, former_dialog) {
	const dialog = new frappe.ui.Dialog({
		title: __("Make a List"),
		fields: [
			{ fieldtype: "Data", fieldname: "title", label: __("Title"), reqd: 1, default: title },
			{
				fieldtype: "HTML",
				options: `<p class="text-muted small">${__(
					"Whoever unsubscribed from this list is unsubscribed from the new one, too. Feeds and the sign-up form are not copied."
				)}</p>`,
			},
		],
		primary_action_label: __("Make"),
		primary_action(values) {
			call("target_list.copy_list", { ...args, title: values.title }, __("Making the list…")).then(
				(name) => {
					hide_dialog(dialog);
					if (former_dialog) hide_dialog(former_dialog);
					frappe.set_route("Form", "Target List", name);
				}
			);
		},
	});
	dialog.show();
}

/** Put the members of other lists on this one. */
export function merge_lists(frm) {
	const dialog = new frappe.ui.Dialog({
		title: __("Merge Others into {0}", [frm.doc.name]),
		fields: [
			{
				fieldtype: "MultiSelectPills",
				fieldname: "sources",
				label: __("Lists"),
				reqd: 1,
				get_data: (txt) => frappe.db.get_link_options("Target List", txt, other_lists(frm).filters),
			},
			{
				fieldtype: "HTML",
				options: `<p class="text-muted small">${__(
					"Their members join this list, unless they are on it already. The other lists stay as they are."
				)}</p>`,
			},
		],
		primary_action_label: __("Merge"),
		primary_action({ sources }) {
			const args = { target_list: frm.doc.name, sources: JSON.stringify(sources) };
			call("target_list.merge_lists", args).then(() => {
				hide_dialog(dialog);
				watch_members(frm);
			});
		},
	});
	dialog.show();
}
