level-5 = Very satisfied
level-4 = Satisfied
level-3 = Fairly satisfied
level-2 = Dissatisfied
level-1 = Very dissatisfied

kind-complaint = Complaint
kind-suggestion = Suggestion
kind-praise = Praise
kind-enquiry = Enquiry

reason-attitude-good = Friendly
reason-attitude-fair = Manner was so-so
reason-attitude-bad = Unfriendly
reason-speed-good = Fast
reason-speed-fair = Pace was so-so
reason-speed-bad = Too slow
reason-skill-good = Knew the job
reason-skill-fair = Skill was so-so
reason-skill-bad = Unsure of the job
reason-clarity-good = Explained clearly
reason-clarity-fair = Partly explained
reason-clarity-bad = Not explained
reason-queue-good = Short wait
reason-queue-fair = Fair wait
reason-queue-bad = Waited too long
reason-place-good = Tidy hall
reason-place-fair = Hall was so-so
reason-place-bad = Poor hall

reason-attitude = Staff manner
reason-speed = Speed
reason-skill = Skill
reason-clarity = Explanation
reason-queue = Waiting
reason-place = The hall
