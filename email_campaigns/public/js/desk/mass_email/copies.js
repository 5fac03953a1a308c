import { call, escape, number } from "../call";
import { offer_in_grid } from "../choices";

/** Offer the CC fields of the settings, and show who gets copies. */
export function show_copies(frm) {
	call("choices.cc_fields").then((choices) => {
		offer_in_grid(frm.fields_dict.cc_fields.grid, "cc_field", choices);
		draw(frm, new Set(choices.map(({ value }) => value)), choices);
	});
}

function draw(frm, offered, choices) {
	const $area = frm.get_field("cc_html").$wrapper.empty();
	const chosen = (frm.doc.cc_fields || []).filter(({ cc_field }) => cc_field);
	if (!chosen.length) {
		if (!choices.length) $area.html(`<p class="text-muted ec-copies">${nothing_offered()}</p>`);
		return;
	}
	const off = chosen.filter(({ cc_field }) => !offered.has(cc_field));
	const names = chosen.map(({ cc_field, description }) =>
		offered.has(cc_field)
			? `<span class="ec-cc-on">${escape(description || cc_field)}</span>`
			: `<s class="text-muted ec-cc-off">${escape(description || cc_field)}</s>`
	);
	$area.html(`<div class="ec-copies mb-3">
		<p class="mb-1">${__("Copies to")}: ${names.join(", ")}</p>
		${off.length ? `<p class="text-muted mb-1">${switched_off(off.length)}</p>` : ""}
		${frm.doc.cc_count ? `<p class="mb-1">${__("Copies planned: {0}", [number(frm.doc.cc_count)])}</p>` : ""}
	</div>`);
}

function switched_off(count) {
	return count > 1
		? __("The fields struck through have been switched off in the settings: nobody is copied from them.")
		: __("The field struck through has been switched off in the settings: nobody is copied from it.");
}

function nothing_offered() {
	return __("The Email Campaign Settings offer no fields for copies.");
}
