import { escape } from "./call";

const PHONE = 375; // CSS pixels, the width that most phones have

/** Show a mail in the field `mail` of a dialog: HTML at two widths, text, and warnings about its template. */
export function show_mail(dialog, mail) {
	const $mail = dialog.fields_dict.mail.$wrapper.empty();
	const warnings = mail.warnings.map((warning) => `<li>${escape(warning)}</li>`).join("");
	if (warnings)
		$(`<div class="alert alert-warning ec-warnings"><ul class="mb-0">${warnings}</ul></div>`).appendTo(
			$mail
		);
	$(`<p><b class="ec-subject">${escape(mail.subject)}</b><br>
		<span class="text-muted">${__("To")}: ${escape(mail.email)}</span></p>`).appendTo($mail);
	const $tabs = $(`<div class="btn-group btn-group-sm mb-3"></div>`).appendTo($mail);
	const $frame = $(`<iframe sandbox="" referrerpolicy="no-referrer" class="border" title="${__("Preview")}"
		style="display: block; height: 50vh; margin: 0 auto; background: white"></iframe>`);
	// The mail can't run a script, reach this page or leave its frame: the sandbox allows nothing.
	$frame.attr("srcdoc", mail.html).appendTo($mail);
	const $text = $(`<pre class="border p-3" style="white-space: pre-wrap"></pre>`)
		.text(mail.text)
		.appendTo($mail);
	const views = {
		[__("Desktop")]: () => $frame.css("width", "100%").show() && $text.hide(),
		[__("Phone")]: () => $frame.css("width", `${PHONE}px`).show() && $text.hide(),
		[__("Text")]: () => $frame.hide() && $text.show(),
	};
	for (const [label, turn_to] of Object.entries(views)) {
		$(`<button type="button" class="btn btn-default">${label}</button>`)
			.on("click", (event) => {
				$(event.currentTarget).addClass("active").siblings().removeClass("active");
				turn_to();
			})
			.appendTo($tabs);
	}
	$tabs.children().first().trigger("click");
}
