from frappe.model.document import Document


class SendingHold(Document):
	"""An Email Account whose server refuses mail after mail: what was counted, and how long sending waits."""
