import { call, escape } from "../call";

/** Show where people sign up for a list, and the form as HTML for another website. */
export function show_sign_up(frm) {
	const $area = frm.get_field("sign_up_html").$wrapper.empty();
	if (frm.is_new() || !frm.doc.sign_up || frm.doc.__unsaved) return;
	call("target_list.sign_up_form", { target_list: frm.doc.name }).then(({ url, html, problem }) => {
		if (!url) return;
		$area.html(`${problem ? `<p class="alert alert-danger ec-sign-up-problem">${escape(problem)}</p>` : ""}
			<label class="control-label">${__("Its Page")}</label>
			<p><a href="${escape(url)}" target="_blank" rel="noopener">${escape(url)}</a></p>
			<label class="control-label">${__("HTML for Your Website")}</label>
			<textarea class="form-control mb-2" rows="8" readonly style="font-family: monospace; font-size: 12px"></textarea>
			<button class="btn btn-xs btn-default" data-copy="html">${__("Copy HTML")}</button>
			<button class="btn btn-xs btn-default ml-2" data-copy="url">${__("Copy Link")}</button>`);
		$area.find("textarea").val(html);
		$area.find("[data-copy]").on("click", function () {
			frappe.utils.copy_to_clipboard($(this).attr("data-copy") === "url" ? url : html);
			return false;
		});
	});
}
