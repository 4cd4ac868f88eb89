product = Huiyin
product-long = Service ratings and case handling for public business halls
motto = Every matter finds a place, every voice gets an echo
skip = Skip to content
nav = Main navigation
nav-start = Home
nav-cases = Case ledger
nav-people = People
nav-devices = Devices
nav-completeness = Completeness
nav-dead-letters = Dead letters
log-in = Log in
log-out = Log out
to-start = Back to home
greeting = Hello, { $name }

role-hall_manager = Hall manager
role-hall_manager-hint = Sees the boards of own halls
role-central_office = Central office
role-central_office-hint = Sees all boards, handles cases
role-administrator = Administrator
role-administrator-hint = Keeps accounts and devices, sees no cases

field-login = Login
field-password = Password
field-repeat = New password again
field-old-password = Current password
field-new-password = New password
field-name = Name
field-role = Role
field-note = Note
field-answer = Answer
hint-login = 2 to 40 lower-case letters, digits, dots, hyphens or underscores
hint-password = At least 10 characters, without the login in it
optional = (optional)
forgot = Forgotten your password? Ask the administrator.
no-administrator = There is no administrator yet. Open the one-time link that the hub printed when it started.

error-needed = Please fill this in.
error-too-long = This is too long, please shorten it.
error-login = Login or password is wrong.
error-locked = { $minutes ->
    [one] Too many wrong passwords. Please try again in one minute.
   *[other] Too many wrong passwords. Please try again in { $minutes } minutes.
}
error-login-taken = This login is taken.
error-login-form = A login has 2 to 40 lower-case letters, digits, dots, hyphens or underscores, and begins with a letter or digit.
error-name = Please give a name of at most 60 characters.
error-password-short = The password needs at least 10 characters.
error-password-long = The password may have at most 128 characters.
error-password-login = The password may not contain the login.
error-repeat = The two passwords differ.
error-old-password = The current password is wrong.
error-role = Please choose a role.
error-halls = Please choose at least one hall for a hall manager.
error-date = This is not a date.
error-dates-order = The last day is before the first.
error-choice = There is no such choice.

setup = Create the administrator
setup-words = This link works once. The administrator then makes the accounts of everybody else.
setup-do = Create and log in
account = My account
password-change = Change password
password-changed = The password was changed, and all other log-ins of this account have ended.

halls-today = Halls today
halls = Halls
hall = Hall
counters = Counters today
counter = Counter
staff = Staff
category = Category
any = Any
all = All
day = Day
open-board = Open board
no-halls = There are no halls yet.
no-counters = This hall has no counters yet.
counters-n = { $n ->
    [one] one counter
   *[other] { $n } counters
}
ratings-n = { $n ->
    [one] one rating
   *[other] { $n } ratings
}
no-staff = Nobody assigned
whole-hall = Whole hall

board-of = Hall board · { $day }
share = Satisfied
mean = Mean
n = Ratings
interval = 95% interval
interval-of = 95% interval { $low } – { $high }
no-ratings-today = No ratings today
no-ratings-yet = No ratings
ratings-today = Ratings today
ratings-hint = One for each tap
mean-hint = Out of 100
bad-ratings = Bad ratings
bad-hint = Dissatisfied and very dissatisfied
verdict-none = No ratings
verdict-few = Few ratings
verdict-above = Above the others
verdict-within = Like the others
verdict-below = Below the others
verdict-explained = Satisfied counts the top three of five levels. Counters are told apart only where intervals do not overlap, and not below { $n } ratings; the mean is drawn towards the hall's, the more so the fewer the ratings.
sources = From { $hearing } of { $all } devices, last heard { $time }
sources-never = None of { $all } devices has been heard yet
sources-none = No device stands at these counters
sources-backlog = { $n } events still on devices
late-hours = { $n ->
    [one] One rating came late, added to
   *[other] { $n } ratings came late, added to
}
comma = ,{" "}
hours-good = satisfied
hours-bad = bad (by hour)
compare = Counters compared
compare-hint = Dot: share satisfied. Bar: 95% interval. Dashed: whole hall. Overlapping counters are not ranked.
compare-label = Chart of each counter's share satisfied with its 95% interval; the table below has the data
trend = Last seven days
trend-hint = Line: share satisfied. Band: 95% interval.
trend-label = Chart of the share satisfied over the last seven days; the table below has the data
as-table = As a table
hours-table = Today hour by hour
hours-hint = Ratings in each hour, bad ones in brackets.
hour-suffix = :00
reasons = Reasons today
reason = About
reason-good = Good
reason-fair = Fair
reason-bad = Bad
no-reasons = Nobody has named a reason today.
words = In visitors' words today
no-words = Nobody has left words today.
live-connecting = Connecting
live-live = Live
live-stale = Updates paused
live-lost = Connection lost, reconnecting
live-ended = You are logged out, please log in again

ledger-lead = Every complaint, suggestion, praise and enquiry of every channel.
filter-search = Search
filter-search-hint = Receipt, words, name, phone
filter-since = Occurred from
filter-until = to
filter-do = Search
filter-clear = Clear
kind = Kind
state = State
content = Words
place = Place
receipt = Receipt
occurred = Occurred
opened = Registered
older = Show older cases
no-cases = There are no cases yet.
no-cases-found = No case fits.
no-text = (no words)
state-received = Received
state-received-hint = Waiting to be accepted
state-accepted = In hand
state-accepted-hint = Accepted, waiting for its answer
state-answered = Answered
state-answered-hint = Answered, waiting to be closed
state-closed = Closed
state-closed-hint = All done

lifecycle = Progress
visitor-words = In the visitor's words
answer = Answer
next-step = Next step
facts = Facts
history = History
channel = Channel
channel-kiosk = Hall kiosk
visitor-language = Visitor's language
language-zh-Hans = Simplified Chinese
language-en = English
contact = Contact
contact-name = Name
contact-phone = Phone
contact-hint = For handling this case only. Do not tell anybody who is not involved.
anonymous = Anonymous, no contact was left. The answer is filed with the case.
system = System
case-closed = This case is closed.
move-received = Registered
move-accept = Accept
move-accept-hint = The central office takes the case
move-answer = Answer
move-answer-hint = What was found and what is done about it
move-close = Close
move-close-hint = Closing words, then the case is done
move-resume = Take up again
move-resume-hint = The answer does not do
move-remark = Remark
move-remark-hint = Only a note, the state stays
conflict = Somebody else changed this case
conflict-words = While you were writing, somebody else worked on this case. Nothing of yours was written, and nothing was overwritten.
conflict-now = State now: { $state }.
conflict-yours = What you wrote:
conflict-go = Open the case as it is now

people-lead = Who may log in, and what they see.
accounts = Accounts
actions = Actions
account-new = New account
account-create = Create account
account-enabled = Enabled
account-disabled = Disabled
all-halls = All halls
halls-of-manager = Own halls (hall managers only)
enable = Enable
disable = Disable
password-new = New password
password-made = New password for { $name }
password-once = The password is shown this once. Hand it over in person or by a safe way, and ask for it to be changed soon.
password-generated = A random password is generated and shown once.

devices-lead = When each was last heard, what it has yet to send, its state; refreshed every five seconds.
device = Device
device-kind-kiosk = Touch kiosk
device-kind-terminal = Button terminal
device-online = Online
device-silent = Silent
device-offline = Offline
device-halted = Stopped sending
device-revoked = Revoked
device-new = Never heard
backlog = Backlog
last-heard = Last heard
version = Version
no-devices = No device is registered yet.
stores = Stores
room = Free room
room-free = { $room } free
turned-away = { $n ->
    [one] Store full: one visitor turned away
   *[other] Store full: { $n } visitors turned away
}
incidents-n = { $n ->
    [one] one alarm to see to
   *[other] { $n } alarms to see to
}

completeness-lead = Devices number what they record without gaps. Here is, for each store, whether 1…n is all here, and which stretch is missing; refreshed every five seconds.
all-devices = All devices
show = Show
store = Store
here = Here
missing = Missing
all-here = 1…{ $last } all here
none-here = none yet
nothing-yet = nothing recorded yet
nothing-missing = none
missing-n = { $n ->
    [one] one event
   *[other] { $n } events
}
stretches-more = { $n ->
    [one] and one more stretch
   *[other] and { $n } more stretches
}
stores-more = { $n ->
    [one] One more store is not listed; choose a device to see it.
   *[other] { $n } more stores are not listed; choose a device to see them.
}
store-last-heard = Last received
store-current = in use
store-successor = followed by
store-complete = Complete
store-coming = On its way
store-coming-hint = The device has announced these numbers, they have not come yet.
store-closed = Closed
store-closed-hint = The store was damaged and another goes on; anything missing could not be saved.
store-closed-gone = What the hub lacks is no longer on the device either; another store goes on.
store-forked = Forked
store-forked-hint = Another card has the same history; this device goes on with a new store.
store-left = Left behind
store-left-hint = The device now uses another store and did not say why: its card may have been swapped or wiped.
no-stores = No device has sent anything yet. Once one connects, its store is listed here with whether 1…n is all here; where numbers have a gap, the gap is named.
no-stores-of-device = This device has not sent anything yet.
incidents = Alarms to see to
noticed = { $n ->
    [one] Noticed once
   *[other] Noticed { $n } times
}
noticed-first = first
noticed-last = last
technical = Technical record
to-do = What to do:{" "}
seen-to = Seen to
rekey = Accept new key
incident-fork = History forked
incident-fork-means = Two different histories use the same numbers of this store: its card was copied or restored.
incident-fork-do = Find out whether two devices run on copies of one card, and stop one of them.
incident-head_regression = Numbers went back
incident-head_regression-means = The device holds less than the hub has received from it: its card was wiped, swapped, or restored from an old copy.
incident-head_regression-do = Look at the card on site, and find out who changed it and when.
incident-store_damaged = Store damaged
incident-store_damaged-means = The device's database file was damaged; it goes on with a new store, and what could be read was saved.
incident-store_damaged-do = Check the missing numbers in the table below, and replace the card.
incident-history_gone = History gone
incident-history_gone-means = A stretch the hub lacks is no longer kept on the device either, and will not come any more.
incident-history_gone-do = Look for the numbers in the table below in the hub's backups, and record as lost what is not there.
incident-key_changed = Key changed
incident-key_changed-means = The device signs with another key, and the hub does not believe its messages.
incident-key_changed-do = Accept the new key only when you know that the key file was lost or the board replaced; otherwise somebody may be posing as this device.
incident-forged = Signature wrong
incident-forged-means = Messages in this device's name had a signature that does not fit: forged, or damaged on their way. The hub did not believe them.
incident-forged-do = When it goes on: give the device a new password, and check its line and who can reach the broker.
incident-disk_full = Disk full
incident-disk_full-means = The device has no room to keep ratings, and has told visitors so and turned them away.
incident-disk_full-do = Check its connection to the hub, and clear or replace its card.
tile-devices = online / all
tile-backlog = events on devices not yet acknowledged
tile-dead-letters = messages not understood so far
tile-people = accounts in all

dead-lead = Messages nobody could understand, counted by reason. Their bytes stay in the database and are not shown here.
dead-counts = In all
dead-newest = Newest
dead-reason = Reason
dead-n = Number
dead-last = Last
dead-topic = Topic
dead-bytes = Bytes
received = Received
no-dead-letters = There are no dead letters.

fault-403-title = Refused
fault-403 = This request came from another site and was not carried out.
fault-404-title = Not found
fault-404 = There is no such page, or you may not see it.
fault-405-title = Not supported
fault-405 = This address does not support that.
fault-409-title = Not possible
fault-409 = That cannot be done in the present state.
fault-413-title = Too large
fault-413 = What was sent is larger than allowed.
fault-422-title = Not understood
fault-422 = What was sent is incomplete or wrong.
fault-500-title = Something went wrong
fault-500 = The system has a problem. Please try again later. No data was lost.
fault-503-title = Too busy
fault-503 = Too many live boards are open. Please close some and try again.
fault-move-not-allowed = The state of this case has changed, and this step is no longer possible. Please look at the case again.
fault-setup-spent = This one-time link does not exist, was used, or is too old.
fault-last-administrator = The last administrator cannot be disabled.
