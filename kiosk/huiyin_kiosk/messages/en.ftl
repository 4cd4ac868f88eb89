language-name = English

# Between visits
attract-question = How was our service?
attract-hint = Just touch a face
attract-serving = Served by { $staff }
attract-door = Complaint, suggestion, praise or enquiry
attract-door-short = Tell us more
attract-door-hint = Anonymously if you wish
setting-up-title = Getting ready
setting-up-text = Waiting for this counter's configuration

# On every screen of a visit
leave = Leave
back = Back
next = Next
done = Done
step = Step { $step } of { $steps }
saving = Saving

# After a rating
reasons-title = Thank you for your rating
reasons-hint = Would you tell us why? Choose any, or just finish
reasons-write = Add a few words
reasons-written = { $n } written, change
words-title = A few words
words-hint = Touch a phrase below, or type

# Feedback
kinds-title = What would you like to tell us?
kind-complaint-hint = Something went wrong, please put it right
kind-suggestion-hint = How we could do better
kind-praise-hint = Someone or something was good
kind-enquiry-hint = I have a question
about-categories = What is it about? (optional)
about-counters = Which counter?
about-here = { $counter }
about-page = { $page }/{ $pages }
telling-title-complaint = What happened?
telling-title-suggestion = What do you suggest?
telling-title-praise = Who or what was good?
telling-title-enquiry = What would you like to know?
telling-hint = Touch a phrase, or type
letters-count = { $n } / { $limit }
contact-title = May we reply to you?
contact-anonymous = Send anonymously
contact-anonymous-hint = No name, no phone, the same care
contact-leave = Leave a contact
contact-leave-hint = We will tell you what was done
contact-form-title = How can we reach you?
contact-name = Name (optional)
contact-phone = Phone
contact-consent = Only for answering you; never shown to those concerned
contact-missing-phone = Please enter your full phone number
contact-missing-name = Please enter a name
submit = Send

# Thanks
thanks-title = Thank you!
thanks-rating = We have received your rating
thanks-feedback = We have received it, and someone will see to it
thanks-receipt = Receipt number
thanks-receipt-hint = Write it down or take a photo, and show it when you ask about it

# When nothing could be kept
not-kept-title = Sorry, this was not saved
not-kept-full = This device is full. Please tell the staff, or use another device
not-kept-broken = This device has a fault. Please try again, or tell the staff
not-kept-retry = Try again

# Idle
idle-title = Are you still there?
idle-text = In { $seconds } seconds we go back to the start, and all you entered will be erased
idle-continue = Continue

# Keyboard
key-space = Space
key-digits = 123
key-letters = ABC
key-clear = Clear
key-marks = ,.?!
name-phrases = Mr Ms

# Ready phrases
phrase-good-1 = Warm and attentive
phrase-good-2 = Quick and well done
phrase-good-3 = Patient and thorough
phrase-good-4 = Keep it up
phrase-fair-1 = The wait was a bit long
phrase-fair-2 = It could be simpler
phrase-fair-3 = Please open more counters
phrase-fair-4 = Not explained clearly
phrase-bad-1 = The wait was too long
phrase-bad-2 = Poor service attitude
phrase-bad-3 = My problem was not solved
phrase-bad-4 = I had to come several times

phrase-complaint-1 = Poor service attitude
phrase-complaint-2 = The wait was too long
phrase-complaint-3 = The charge is not reasonable
phrase-complaint-4 = Unclear which papers to bring
phrase-complaint-5 = Nobody takes responsibility
phrase-complaint-6 = The promised time has passed
phrase-complaint-7 = Problem still not solved
phrase-complaint-8 = Please answer me soon
phrase-suggestion-1 = Please open more counters
phrase-suggestion-2 = Please simplify the procedure
phrase-suggestion-3 = Please offer this online
phrase-suggestion-4 = Please extend opening hours
phrase-suggestion-5 = Please add seats
phrase-suggestion-6 = Please help the elderly first
phrase-suggestion-7 = Please improve the signs
phrase-suggestion-8 = Please offer drinking water
phrase-praise-1 = Warm and attentive staff
phrase-praise-2 = Very quick service
phrase-praise-3 = Explained with patience
phrase-praise-4 = Kind to the elderly
phrase-praise-5 = Solved a big problem for me
phrase-praise-6 = A clean and tidy hall
phrase-praise-7 = Please pass on my praise
phrase-praise-8 = Many thanks
phrase-enquiry-1 = Which papers do I need?
phrase-enquiry-2 = How long does it take?
phrase-enquiry-3 = How is the fee worked out?
phrase-enquiry-4 = How far has my case got?
phrase-enquiry-5 = Which counter is it?
phrase-enquiry-6 = Can someone go for me?
phrase-enquiry-7 = Can I do it online?
phrase-enquiry-8 = Please tell me by phone
