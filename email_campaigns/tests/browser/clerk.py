"""For browser tests: a campaign user at the Desk, who presses the buttons that a person would press."""

import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import TimeoutError as PlaywrightTimeout

from email_campaigns.tests.support.smtp_server import ScriptedServer

PREFIX = "Journey"
DOMAIN = "journey.example"
USER = f"clerk@{DOMAIN}"
MANAGER = f"manager@{DOMAIN}"
PASSWORD = "a-Long-passphrase-27"
ACCOUNT = f"{PREFIX} Account"
PRESS_AGAIN = 20_000  # milliseconds after which a person presses Save once more
PHONE = 768  # pixels of width, below which Frappe draws its forms for a phone
BACKGROUND = 180_000  # milliseconds that a job in the background may take on a busy machine


class Office:
	"""The test site with a campaign user and a mail server, and without what an earlier run left."""

	def __init__(self, bench, requests):
		self.bench, self.requests = bench, requests
		self.server = ScriptedServer().start()

	def open(self):
		self.clear()
		self.hire(USER, "Cora", "Campaign User", "Sales User")
		self.hire(MANAGER, "Maud", "Campaign Manager", "Sales User")
		account = {"email_account_name": ACCOUNT, "email_id": f"news@{DOMAIN}", "enable_outgoing": 1}
		smtp = {"smtp_server": "127.0.0.1", "smtp_port": self.server.port, "no_smtp_authentication": 1}
		self.insert("Email Account", **account, **smtp, use_tls=0)
		self.insert(
			"Contact", first_name="Carol", email_ids=[{"email_id": f"carol@{DOMAIN}", "is_primary": 1}]
		)
		self.post("/api/method/logout")

	def close(self):
		self.server.stop()
		self.set_approval("Not needed")
		self.clear()

	def clear(self):
		"""Sign in as Administrator on a site that has nothing left of an earlier run."""
		self.wipe()
		self.sign_in_administrator()
		self.requests.delete(f"/api/resource/Email Account/{ACCOUNT}")

	def sign_in_administrator(self):
		self.post("/api/method/login", usr="Administrator", pwd=self.bench.admin_password)

	def hire(self, email, name, *roles):
		user = {"email": email, "first_name": name, "send_welcome_email": 0, "new_password": PASSWORD}
		self.insert("User", **user, roles=[{"role": role} for role in roles])

	def set_approval(self, value):
		"""Change what the settings say of approvals, as Administrator."""
		self.sign_in_administrator()
		path = "/api/resource/Email Campaign Settings/Email Campaign Settings"
		answer = self.requests.put(path, data={"approval": value})
		assert answer.ok, answer.text()[:500]
		self.post("/api/method/logout")

	def insert(self, doctype, **values):
		return self.post(f"/api/resource/{doctype}", **values)

	def post(self, path, **values):
		answer = self.requests.post(path, data=values)
		assert answer.ok, f"{path}: {answer.text()[:500]}"
		return answer.json()

	def wipe(self):
		forget, patterns = "email_campaigns.tests.site.kits.visitor.forget", [f"{PREFIX}%", f"%@{DOMAIN}"]
		command = self.bench.command("--site", self.bench.site, "execute", forget, "--args", str(patterns))
		subprocess.run(command, cwd=self.bench.sites, check=True, capture_output=True, timeout=120)


@contextmanager
def an_office(bench, chromium):
	"""Give an Office that is open, and close it afterwards."""
	context = chromium.new_context(base_url=bench.url)
	office = Office(bench, context.request)
	office.open()
	yield office
	office.close()
	context.close()


def arrived(office, number):
	"""Wait until the mail server has that many mails."""
	deadline = time.monotonic() + BACKGROUND / 1000
	while len(office.server.messages) < number:
		assert time.monotonic() < deadline, f"{len(office.server.messages)} of {number} mails have arrived"
		time.sleep(0.1)
	assert len(office.server.messages) == number


class Clerk:
	"""One page of the Desk. Every wait has a limit: Playwright's own, or BACKGROUND for the work of a job."""

	def __init__(self, page):
		self.page = page

	@property
	def view(self):
		return self.page.locator(".page-container:visible")

	@property
	def dialog(self):
		return self.page.locator(".modal.show").last

	def go(self, path):
		self.page.goto(f"/app/{path}")
		self.view.locator(".page-head").first.wait_for()
		self.settle()

	def open_at_width(self, pixels):
		"""Load the page anew in a window of that width: Frappe 16 lays out its sidebar when it is loaded."""
		self.page.set_viewport_size({"width": pixels, "height": 900})
		self.page.reload()
		self.view.locator(".page-head").first.wait_for()
		self.settle()

	def settle(self):
		"""Wait until the page asks the server for nothing more."""
		self.page.wait_for_load_state("networkidle")
		self.page.wait_for_function("() => !window.frappe || !frappe.request || !frappe.request.ajax_count")

	def fill(self, field, text, within=None):
		box = (within or self.view).locator(f'[data-fieldname="{field}"]')
		box.locator("input:visible, textarea:visible").first.fill(text)

	def pick(self, field, text, within=None):
		"""Type into a link field and choose the first suggestion that has the text."""
		box = (within or self.view).locator(f'.frappe-control[data-fieldname="{field}"]')
		box.locator("input:visible").first.click()
		self.page.keyboard.type(text)
		self.suggestion(text).click()
		self.settle()

	def suggestion(self, text):
		"""The first shown suggestion that has the text: an <li> in Frappe 15, a <div> in 16."""
		return self.page.locator('[role="listbox"] > :visible', has_text=text).first

	def save(self):
		saved = "() => !cur_frm.is_new() && !cur_frm.is_dirty()"
		self.press_save(lambda **limit: self.page.wait_for_function(saved, **limit))
		self.settle()

	def press_save(self, wait):
		"""Press Save and wait for what comes of it, by `wait(timeout=…)`."""
		# Leaving a field may draw the button anew, also under the mouse.
		self.page.evaluate("() => document.activeElement.blur()")
		self.settle()
		button = self.view.locator("button.primary-action", has_text="Save")
		button.click()
		try:
			wait(timeout=PRESS_AGAIN)
		except PlaywrightTimeout:
			# Frappe draws the button anew after each change: a press can meet the one that has just gone.
			button.click()
			wait()

	def press(self, label):
		exact = re.compile(rf"^\s*{re.escape(label)}\s*$")
		self.view.locator(".page-actions button:visible", has_text=exact).first.click()
		self.settle()

	def choose(self, group, label):
		"""Choose an item of a menu of the form; on a phone, all of them are in one."""
		menu = self.view.locator(f'.inner-group-button[data-label="{group.replace(" ", "%20")}"]')
		if self.page.viewport_size["width"] < PHONE:
			menu, label = self.view.locator(".menu-btn-group"), f"{group} > {label}"
		menu.locator("button:visible").first.click()
		menu.get_by_text(label, exact=True).click()
		self.settle()

	def agree(self):
		"""Press the dialog's main button and wait until the dialog has gone."""
		dialog = self.page.locator(".modal.show").first.element_handle()
		self.dialog.locator(".btn-modal-primary:visible").click()
		dialog.wait_for_element_state("hidden")
		self.settle()

	def dismiss(self):
		dialog = self.dialog.element_handle()
		self.dialog.locator(".btn-modal-close:visible").click()
		dialog.wait_for_element_state("hidden")

	def upload(self, path: Path):
		self.dialog.locator("input[type=file]").first.set_input_files(path)
		self.dialog.locator(".btn-modal-primary:visible").click()

	def waits_for_status(self, status):
		pill = self.view.locator(".page-head .indicator-pill", has_text=status)
		pill.first.wait_for(timeout=BACKGROUND)
		self.settle()
