"""The names of the four parts of the final confirmation."""

ORIGIN, DESTINATION, CONTACT, ARCHIVE = "origin", "destination", "contact", "archive"
TITLES = {ORIGIN: "生源信息", DESTINATION: "毕业去向", CONTACT: "联系方式", ARCHIVE: "档案和户口"}
