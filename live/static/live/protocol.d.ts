// Generated from live/protocol/ by `python -m broadcast protocol`; do not edit.

/** One option; `votes` is None while the results are hidden from the public. */
export interface OptionResult {
  id: number;
  text: string;
  votes: number | null;
}

/** What makes a verdict. `quorum` is a share of the eligible, `least_ballots` a number; either, both or none. An option is accepted with `more_than` (else: at least) `threshold` of `base`: "cast" are ballots that take a side (abstentions, 不了解 left out), "ballots" all, "eligible" everybody who may vote. `tie`: what equal votes at the top come to. */
export interface PollRule {
  quorum: [number, number] | null;
  least_ballots: number | null;
  threshold: [number, number];
  more_than: boolean;
  base: "ballots" | "cast" | "eligible";
  tie: "rejected" | "undecided";
}

/** What the rule came to, stored with the frozen result. `options` are accepted (or tied: those that are equal); `votes` the most that one had, of `base`, `needed` the fewest that would have done; `quorum` ballots were asked for, 0: none. */
export interface Verdict {
  outcome: "accepted" | "no_quorum" | "rejected" | "tied";
  options: number[];
  votes: number;
  base: number;
  needed: number;
  quorum: number;
}

/** The ballots of voters of these levels of assurance: votes in the options' order, and how many ballots. */
export interface LevelResult {
  levels: number[];
  votes: number[];
  total: number;
}

/** Of a scale: van der Eijk's agreement, from -1 (half at each end) by 0 (evenly spread) to 1 (all alike), and the mean; the mean is never told alone. */
export interface ScaleResult {
  agreement: number;
  mean: number;
}

/** The same poll asked before: votes in the options' order. */
export interface EarlierResult {
  poll: number;
  question: string;
  at: string;
  votes: number[];
  total: number;
  scale: ScaleResult | null;
}

/** Counts that a clerk entered (代录), of one source; `counted`: they are in votes and total too. */
export interface EnteredResult {
  source: string;
  votes: number[];
  total: number;
  counted: boolean;
}

/** All that is told beside votes and total, and only where those are. A percent is of `base_count`, which `base` names. `eligible` is how many may vote, where that is known, by `eligible_by`; `active` how many took part in the room at all, told with a frozen result. `levels` stand only in a frozen result, small ones joined with their neighbours for the public. `names` is the address of who voted how, of a named poll. `changes`: casts beyond one a ballot. */
export interface PollOutcome {
  base: "ballots" | "cast" | "eligible";
  base_count: number;
  eligible: number | null;
  eligible_by: "" | "codes" | "given" | "members" | "roll";
  active: number | null;
  changes: number;
  levels: LevelResult[];
  scale: ScaleResult | null;
  verdict: Verdict | null;
  earlier: EarlierResult | null;
  entered: EnteredResult[];
  names: string;
}

/** One's own comment or question with its state; `reason` in words when rejected or withdrawn. What waits at the desk is "pending" for its author, wherever it stands there. `appeal` is "" when none was made, `may_appeal` whether one may be; it is answered by `appeal_due`, with `appeal_answer`. `mask` are the spans the public does not see. `into` is the question that stands for a merged one. `end` of a question holds answers in writing for its author alone too. `to` (a comment that this one answers), `person` and `department` are whom it was addressed to, so that it can be said again in other words. */
export interface MyItem {
  kind: "comment" | "question";
  id: number;
  text: string;
  state: "answered" | "approved" | "closed" | "escalated" | "held" | "merged" | "on_air" | "pending" | "promised" | "queued" | "rejected" | "retracted" | "second" | "withdrawn";
  reason: string;
  at: string;
  mask: [number, number][];
  may_appeal: boolean;
  appeal: "" | "granted" | "open" | "refused";
  appeal_due: string | null;
  appeal_answer: string;
  into: number | null;
  end: QuestionEnd | null;
  to: number | null;
  person: number | null;
  department: string;
}

/** That one reported a public item, and what came of it: `upheld`, it was taken down; `dismissed`, it stays. */
export interface MyReport {
  kind: "comment" | "question";
  item: number;
  state: "dismissed" | "open" | "upheld";
  at: string;
}

/** One's own current choice. `result` carries the counts where results are shown after the own vote. `number` is the ballot's name in the list that may be published after the close; it names no person. `outcome` comes with `result`. */
export interface MyBallot {
  poll: number;
  options: number[];
  at: string;
  result: OptionResult[] | null;
  total: number | null;
  number: string;
  outcome: PollOutcome | null;
}

/** What a rule found in an item; `false` once a moderator said that it was wrong, `late` when the item was public already. */
export interface Hit {
  rule: number;
  code: string;
  name: string;
  action: "hold" | "mask" | "reject";
  spans: [number, number][];
  false: boolean;
  late: boolean;
}

/** Who has an item on the desk, and until when. */
export interface Claim {
  user: number;
  name: string;
  until: string;
}

/** A comment or question as the desk sees it. `sender` names its author among the items of the show, for the history beside it; `source` is the partner it came through, "" for our own page. `since` is when it came into the queue where it waits; `similar` the first of those that look alike. `first_by` gave the 初审. `hidden` says that a standing withdrawal hides it. `speaks_as` and `affiliation` are badge and 界别 or organisation as the public reads them; `reply_to` is the comment that it answers. */
export interface StaffItem {
  kind: "comment" | "question";
  id: number;
  version: number;
  state: "answered" | "approved" | "closed" | "escalated" | "held" | "merged" | "on_air" | "pending" | "promised" | "queued" | "rejected" | "retracted" | "second" | "withdrawn";
  text: string;
  author: string;
  assurance: number;
  reason: string;
  note: string;
  decided_by: string;
  decided_at: string | null;
  supports: number;
  to: string;
  at: string;
  sender: string;
  source: string;
  district: string;
  since: string;
  mask: [number, number][];
  hits: Hit[];
  claim: Claim | null;
  first_by: string;
  first_by_id: number | null;
  reports: number;
  report_reasons: string[];
  appeal: "" | "granted" | "open" | "refused";
  appeal_text: string;
  appeal_due: string | null;
  similar: number | null;
  merged_into: number | null;
  hidden: boolean;
  speaks_as: string;
  affiliation: string;
  reply_to: number | null;
  promised_to: string;
  due: string | null;
}

/** What a hall's page shows beside what lies over a picture, before and after the show too. `people` watch together at `venues` places, by the last counts; `here` at this one (None: not counted). They are in no count of viewers online. */
export interface HallScene {
  programme: string;
  programme_en: string;
  number: number | null;
  title: string;
  title_en: string;
  state: string;
  planned_start: string;
  caption: string;
  announcement: string;
  people: number;
  venues: number;
  here: number | null;
}

/** A poll as the control room sees it, counts always included; `on_behalf` of the ballots were cast for callers. Terms as in `PollTerms`. `opens_at` and `opens_with` (a segment) are when a draft opens by itself; one that the house missed by more than five minutes says `missed`. A discarded one is told once, and leaves the list. `codes` were issued and not revoked, of which `codes_used` are somebody's. `delay_seconds` are the grace of the stream's delay. */
export interface StaffPoll {
  id: number;
  question: string;
  options: OptionResult[];
  state: "closed" | "discarded" | "draft" | "open" | "void";
  results: "after_close" | "after_publication" | "after_vote" | "always" | "never";
  least_assurance: number;
  total: number;
  opened_at: string | null;
  closes_at: string | null;
  closed_at: string | null;
  void_reason: string;
  replaces: number | null;
  on_behalf: number;
  poll_kind: "approval" | "multiple" | "satisfaction" | "scale" | "single";
  fewest: number;
  most: number;
  secrecy: "named" | "secret";
  revote: "never" | "until_close";
  electorate: "all" | "codes" | "members" | "roll";
  roll: number | null;
  roll_name: string;
  eligible: number | null;
  position: number;
  seconds: number | null;
  filling_seconds: number;
  delay_seconds: number;
  ends_at: string | null;
  opens_at: string | null;
  opens_with: number | null;
  missed: boolean;
  published_at: string | null;
  segment: number | null;
  about: number | null;
  compares: number | null;
  rule: PollRule | null;
  adds_entered: boolean;
  codes: number;
  codes_used: number;
  outcome: PollOutcome | null;
}

/** The airing itself. Times are ISO 8601 UTC. English names may be empty. `comments` and `questions` are what holds now: "off" also while the desk takes none, "post" only while it lets them out at once. One person may send one in `comment_seconds` (`question_seconds`), 0: no such pause. `callbacks`: listeners may ask to be called back. `captions`: caption lines have come in this show. */
export interface AiringObject {
  kind: "airing";
  key: string;
  state: "cancelled" | "ended" | "on_air" | "planned" | "waiting";
  title: string;
  programme: string;
  number: number | null;
  planned_start: string;
  planned_end: string;
  actual_start: string | null;
  actual_end: string | null;
  delay_seconds: number;
  comments: "off" | "post" | "pre";
  questions: "off" | "post" | "pre";
  likes: boolean;
  withdrawn: boolean;
  title_en: string;
  programme_en: string;
  comment_seconds: number;
  question_seconds: number;
  verified_only: boolean;
  callbacks: boolean;
  captions: boolean;
}

/** Picture and sound as the public gets it. `playlist` is the live one while on air, `replay` once released. `showing` is what the public sees on it now: the show, the filler, or an earlier episode in its place. */
export interface MediaObject {
  kind: "media";
  key: string;
  state: "cut" | "ended" | "live" | "lost" | "none" | "waiting";
  playlist: string | null;
  replay: string | null;
  since: string | null;
  media_kind: "audio" | "video";
  showing: "filler" | "live" | "rerun";
}

/** A part of the run-down, planned and actual. `role` is the role's name, `mark` its one character. With a delay the public learns of a start when its picture comes to it, at `shown_from`; times are the studio's. */
export interface SegmentObject {
  kind: "segment";
  key: string;
  id: number;
  position: number;
  mark: string;
  role: string;
  title: string;
  planned_seconds: number;
  started_at: string | null;
  ended_at: string | null;
  role_en: string;
  shown_from: string | null;
}

/** Somebody who appears, with role in words. */
export interface PersonObject {
  kind: "person";
  key: string;
  id: number;
  name: string;
  role: string;
  role_name: string;
  organisation: string;
  position: number;
}

/** A public comment. `at` is when it became public. `badge` says as what its author speaks: member, or host, expert, department, lecturer, leader; "": as a citizen. `affiliation` is a member's 界别 or who sent the others, may be empty. `reply`: what a guest or a department answers with it. */
export interface CommentObject {
  kind: "comment";
  key: string;
  id: number;
  text: string;
  author: string;
  badge: string;
  at: string;
  affiliation: string;
  reply: Quoted | null;
}

/** 置顶: the comment that stands before all others, whether or not it is in the list. */
export interface PinnedObject {
  kind: "pinned";
  key: string;
  comment: CommentObject;
}

/** 公告: what the programme tells everybody first. Another one has another `id`: who put one away reads the next. */
export interface AnnouncementObject {
  kind: "announcement";
  key: string;
  id: number;
  text: string;
  at: string;
}

/** A line of captions. `at`, and `until` where it is known, are the studio's time, as the picture carries it. With a delay it comes when the public's picture does. The state has the lines of the last minutes; GET …/captions has all. */
export interface CaptionObject {
  kind: "caption";
  key: string;
  id: number;
  text: string;
  at: string;
  until: string | null;
}

/** A public question. What happens on air comes with the delayed picture, at `shown_from`; times are the studio's. `to` is the person or department it is addressed to; `end` is None for most. */
export interface QuestionObject {
  kind: "question";
  key: string;
  id: number;
  text: string;
  author: string;
  to: string;
  state: "answered" | "approved" | "closed" | "on_air" | "promised" | "queued";
  supports: number;
  at: string;
  on_air_at: string | null;
  answered_at: string | null;
  shown_from: string | null;
  badge: string;
  affiliation: string;
  end: QuestionEnd | null;
}

/** A poll that was opened. `total` is None where counts are hidden; with results after_vote the counts come by `mine`. With a delay it is public, and takes ballots, from `shown_from` on, when the picture comes to its opening. A void one has no counts and says why in `void_reason`; `replaces` is the void poll whose next round this is. `list` is the address of the anonymous list of ballots, where the programme publishes it. `on_behalf` of the ballots were cast for callers by the call desk. `poll_kind`: a ballot of "multiple" names `fewest` to `most` options, of the others one. Options of a scale are 1 to 5, of satisfaction 满意, 基本满意, 不满意, 不了解, of approval 赞成, 反对, 弃权, in this order. `ends_at` is the close as it is told: who is filling it in then has until `closes_at`. `secrecy` "named": who voted how is told with the result, and a ballot says that its voter knows. `revote` "never": the first ballot stands. `outcome` is None wherever counts are hidden. */
export interface PollObject {
  kind: "poll";
  key: string;
  id: number;
  question: string;
  options: OptionResult[];
  state: "closed" | "open" | "void";
  results: "after_close" | "after_publication" | "after_vote" | "always" | "never";
  least_assurance: number;
  opened_at: string;
  closes_at: string | null;
  closed_at: string | null;
  total: number | null;
  shown_from: string | null;
  void_reason: string;
  replaces: number | null;
  list: string;
  on_behalf: number;
  poll_kind: "approval" | "multiple" | "satisfaction" | "scale" | "single";
  fewest: number;
  most: number;
  secrecy: "named" | "secret";
  revote: "never" | "until_close";
  electorate: "all" | "codes" | "members" | "roll";
  position: number;
  ends_at: string | null;
  published_at: string | null;
  segment: number | null;
  about: number | null;
  compares: number | null;
  rule: PollRule | null;
  outcome: PollOutcome | null;
}

/** What is counted over the whole airing. `viewers` are people watching now (sockets), not visits. */
export interface CountsObject {
  kind: "counts";
  key: string;
  viewers: number;
  likes: number;
  comments: number;
  questions: number;
}

/** What is thinned because many are here (`live.ladder`), 0: nothing. Of the comments since the oldest in the list, `comments_percent` in a hundred are in it, drawn by lot; all of them are at GET …/comments. `cleared` is a word that changes when something ceased to be public: whoever holds more than this state drops it then. Of new comments `danmaku_percent` in a hundred fly over the picture, drawn by lot; 0: none. */
export interface LoadObject {
  kind: "load";
  key: string;
  level: number;
  likes_ms: number;
  comments_percent: number;
  cleared: string;
  danmaku_percent: number;
}

/** Say something. Public after approval unless the programme is 先发后审. `to`: the public comment that a guest or a department of the show answers; of others it is refused. */
export interface PostComment {
  type: "comment.post";
  id: string;
  text: string;
  to?: number | null;
}

/** Ask something, optionally addressed to a person of the episode, or to a department by its name. */
export interface AskQuestion {
  type: "question.ask";
  id: string;
  text: string;
  person?: number | null;
  department?: string;
}

/** Support a public question, or take the support back. */
export interface SupportQuestion {
  type: "question.support";
  id: string;
  question: number;
  on?: boolean;
}

/** Cast or change one's ballot. The last accepted one counts until the poll closes, or the first where it says so. `code` is an invitation code, needed once where the poll asks for one. `named` says that the voter was told that name and choice are published with the result; a named poll takes no ballot without. */
export interface CastVote {
  type: "poll.vote";
  id: string;
  poll: number;
  options: number[];
  code?: string;
  named?: boolean;
}

/** Likes collected by the browser since its last such command. */
export interface AddLikes {
  type: "like.add";
  id: string;
  count?: number;
}

/** Take back one's own comment or question. */
export interface RetractItem {
  type: "item.retract";
  id: string;
  kind: "comment" | "question";
  item: number;
}

/** 举报 a public comment or question of somebody else; once each. */
export interface ReportItem {
  type: "item.report";
  id: string;
  kind: "comment" | "question";
  item: number;
  reason: string;
  note?: string;
}

/** 申诉 against the refusal or withdrawal of one's own item; once each. */
export interface AppealItem {
  type: "item.appeal";
  id: string;
  kind: "comment" | "question";
  item: number;
  text: string;
}

/** Make a comment or question public, or pass it on to 复审 where the programme looks twice. `version` is the one the moderator saw; another one is refused as conflict. `mask` hides these spans of it from the public. */
export interface ApproveItem {
  type: "item.approve";
  id: string;
  kind: "comment" | "question";
  item: number;
  version: number;
  mask?: [number, number][];
}

/** Refuse a comment or question; the author sees the reason. */
export interface RejectItem {
  type: "item.reject";
  id: string;
  kind: "comment" | "question";
  item: number;
  version: number;
  reason: string;
  note?: string;
}

/** Take down what is already public; it leaves every surface within two seconds. */
export interface WithdrawItem {
  type: "item.withdraw";
  id: string;
  kind: "comment" | "question";
  item: number;
  version: number;
  reason: string;
  note?: string;
}

/** Undo: put a decided item back to pending. */
export interface ReopenItem {
  type: "item.reopen";
  id: string;
  kind: "comment" | "question";
  item: number;
  version: number;
}

/** 暂扣: set it aside, to be decided later by anybody. */
export interface HoldItem {
  type: "item.hold";
  id: string;
  kind: "comment" | "question";
  item: number;
  version: number;
  note?: string;
}

/** 上报: hand it to the duty leader, who alone decides it from then on. */
export interface EscalateItem {
  type: "item.escalate";
  id: string;
  kind: "comment" | "question";
  item: number;
  version: number;
  note?: string;
}

/** One decision about many items. Each stands or falls by itself: the answer names those done and those that moved meanwhile. */
export interface DecideItems {
  type: "items.decide";
  id: string;
  act: "approve" | "escalate" | "hold" | "reject" | "withdraw";
  items: ItemRef[];
  reason?: string;
  note?: string;
}

/** Take back one's own decision, the whole of a bulk: each item that nobody touched since goes back to what it was. */
export interface UndoAct {
  type: "items.undo";
  id: string;
  act: string;
}

/** 认领: have it for the length of the lease; whoever has it is told to the others. Claiming one's own again prolongs it. */
export interface ClaimItem {
  type: "item.claim";
  id: string;
  kind: "comment" | "question";
  item: number;
}

/** Give a claimed item back. */
export interface ReleaseItem {
  type: "item.release";
  id: string;
  kind: "comment" | "question";
  item: number;
}

/** I am at the desk, looking at this item, or at none. Not audited; forgotten when it stops coming. */
export interface LookAt {
  type: "desk.look";
  id: string;
  kind?: "comment" | "question" | null;
  item?: number | null;
}

/** Let one question stand for others that ask the same; their supports are carried over, once a person. */
export interface MergeQuestions {
  type: "question.merge";
  id: string;
  into: number;
  questions: number[];
}

/** Take one question out of a merge; it stands for itself again, with the supports that were its own. */
export interface UnmergeQuestion {
  type: "question.unmerge";
  id: string;
  question: number;
}

/** The reported item stays public; whoever reported it is told. `note` stays with staff. */
export interface DismissReports {
  type: "reports.dismiss";
  id: string;
  kind: "comment" | "question";
  item: number;
  version: number;
  note?: string;
}

/** Answer an appeal: granted, the item becomes public; else it stays, and `note` tells its author why. Never by whoever made the decision appealed against. */
export interface DecideAppeal {
  type: "appeal.decide";
  id: string;
  kind: "comment" | "question";
  item: number;
  version: number;
  granted: boolean;
  note?: string;
}

/** Prepare a poll; it is public only once opened. */
export interface CreatePoll {
  type: "poll.create";
  id: string;
  question: string;
  kind?: "approval" | "multiple" | "satisfaction" | "scale" | "single";
  options?: string[];
  fewest?: number;
  most?: number | null;
  results?: "after_close" | "after_publication" | "after_vote" | "always" | "never";
  secrecy?: "named" | "secret";
  revote?: "never" | "until_close";
  electorate?: "all" | "codes" | "members" | "roll";
  roll?: number | null;
  least_assurance?: number | null;
  eligible?: number | null;
  rule?: PollRule | null;
  seconds?: number | null;
  filling_seconds?: number;
  segment?: number | null;
  about?: number | null;
  compares?: number | null;
  replaces?: number | null;
  adds_entered?: boolean;
}

/** Lay down a draft anew, whole; what was scheduled stays. */
export interface ChangePoll {
  type: "poll.change";
  id: string;
  question: string;
  kind?: "approval" | "multiple" | "satisfaction" | "scale" | "single";
  options?: string[];
  fewest?: number;
  most?: number | null;
  results?: "after_close" | "after_publication" | "after_vote" | "always" | "never";
  secrecy?: "named" | "secret";
  revote?: "never" | "until_close";
  electorate?: "all" | "codes" | "members" | "roll";
  roll?: number | null;
  least_assurance?: number | null;
  eligible?: number | null;
  rule?: PollRule | null;
  seconds?: number | null;
  filling_seconds?: number;
  segment?: number | null;
  about?: number | null;
  compares?: number | null;
  replaces?: number | null;
  adds_entered?: boolean;
  poll: number;
}

/** Let a draft open by itself: at a time (ISO 8601 with zone), or when a segment starts; with neither, no more by itself. */
export interface SchedulePoll {
  type: "poll.schedule";
  id: string;
  poll: number;
  opens_at?: string | null;
  opens_with?: number | null;
}

/** Put the polls of the show in this order; those that are not named come after. */
export interface OrderPolls {
  type: "poll.order";
  id: string;
  polls: number[];
}

/** Throw a draft away. */
export interface DiscardPoll {
  type: "poll.discard";
  id: string;
  poll: number;
}

/** Start taking ballots. */
export interface OpenPoll {
  type: "poll.open";
  id: string;
  poll: number;
}

/** Stop taking ballots, after the grace for the stream's delay and for those filling it in, and freeze the result. */
export interface ClosePoll {
  type: "poll.close";
  id: string;
  poll: number;
}

/** Let everybody see the frozen result of a poll whose results wait for that. */
export interface PublishPoll {
  type: "poll.publish";
  id: string;
  poll: number;
}

/** Declare an open or closed poll void. Everybody reads the reason; its ballots are kept and count no more. */
export interface VoidPoll {
  type: "poll.void";
  id: string;
  poll: number;
  reason: string;
}

/** A sheet of invitation codes. The answer alone has them (`codes`): only digests are kept, so a retry brings none. */
export interface IssueCodes {
  type: "poll.codes";
  id: string;
  poll: number;
  count: number;
  label?: string;
}

/** The unused codes of a sheet open nothing any more. */
export interface RevokeCodes {
  type: "poll.codes.revoke";
  id: string;
  sheet: number;
}

/** Put a public question on the host's list, or take it off. */
export interface QueueQuestion {
  type: "question.queue";
  id: string;
  question: number;
  on?: boolean;
}

/** Put a question on air; the one before it leaves. */
export interface ShowQuestion {
  type: "question.show";
  id: string;
  question: number;
}

/** Mark the question answered; it leaves the air. */
export interface AnswerQuestion {
  type: "question.answer";
  id: string;
  question: number;
}

/** A department will answer this question in writing, until that day; it leaves the air or the list. */
export interface PromiseReply {
  type: "question.promise";
  id: string;
  question: number;
  department: string;
  due: string;
}

/** End a question without an answer, and say why. With `carried` it goes on in another airing `to`, with its supports. */
export interface CloseQuestion {
  type: "question.close";
  id: string;
  question: number;
  closing: "carried" | "covered" | "elsewhere" | "off_topic" | "other";
  note?: string;
  to?: string;
}

/** Take back that a question was promised or closed: it is among the public ones again. */
export interface ResumeQuestion {
  type: "question.resume";
  id: string;
  question: number;
}

/** Mark what is being said on air now. What is not given is taken from the question on air, and may be written afterwards. */
export interface MarkCommitment {
  type: "commitment.mark";
  id: string;
  kind: "promise" | "suggestion";
  question?: number | null;
  speaker?: number | null;
}

/** Write down who said what, for which department, until when. Kept only if nobody wrote it meanwhile (`version`). */
export interface EditCommitment {
  type: "commitment.edit";
  id: string;
  commitment: number;
  version: number;
  kind: "promise" | "suggestion";
  text?: string;
  speaker?: number | null;
  department?: string;
  due?: string | null;
}

/** Take a mark back, or (`on` false) put it back. */
export interface UndoCommitment {
  type: "commitment.undo";
  id: string;
  commitment: number;
  on?: boolean;
}

/** Say that a promise was kept, or (`on` false) that it was not yet. */
export interface FulfilCommitment {
  type: "commitment.done";
  id: string;
  commitment: number;
  version: number;
  on?: boolean;
  note?: string;
}

/** Choose so many of the public questions by a rule that can be repeated, and show them; it puts none on the list. */
export interface OfferSlate {
  type: "slate.offer";
  id: string;
  method: "draw" | "recent" | "spread" | "supports";
  size?: number;
}

/** Begin a segment of the run-down; the running one ends. */
export interface StartSegment {
  type: "segment.start";
  id: string;
  segment: number;
}

/** An act that another part offers to the control room: airing.open, airing.start, airing.end, output.cut, output.resume. */
export interface PerformAct {
  type: "act.perform";
  id: string;
  act: string;
  reason?: string;
}

/** Mute or ban the author of an item: the participant, the device or the network that the evidence of the item names. `seconds` None: until lifted. `where`: this show, its programme, or all programmes. */
export interface ImposeSanction {
  type: "sanction.impose";
  id: string;
  kind: "comment" | "question";
  item: number;
  measure: "ban" | "mute";
  scope?: "device" | "network" | "participant";
  where?: "house" | "programme" | "room";
  seconds?: number | null;
  reason?: string;
  note?: string;
}

/** End a sanction before its time. */
export interface LiftSanction {
  type: "sanction.lift";
  id: string;
  sanction: number;
  note?: string;
}

/** 紧急撤下: hide all that the author of an item wrote, or all that the public wrote, in this show or (`house`) everywhere. */
export interface WithdrawMany {
  type: "withdrawal.make";
  id: string;
  scope: "author" | "everything";
  kind?: "comment" | "question" | null;
  item?: number | null;
  where?: "house" | "room";
  reason?: string;
  note?: string;
}

/** Bring back what a withdrawal hid. */
export interface RestoreMany {
  type: "withdrawal.restore";
  id: string;
  withdrawal: number;
  note?: string;
}

/** 误报: the rule was wrong about this item. The item stays where it is; saying it again changes nothing. */
export interface MarkFalseHit {
  type: "item.false_hit";
  id: string;
  kind: "comment" | "question";
  item: number;
  rule: number;
  on?: boolean;
}

/** Turn a switch of the room: what is taken in, how fast, from whom, and whether before or after a look (先审后发). */
export interface SetSwitch {
  type: "room.switch";
  id: string;
  switch: "alarm_seconds" | "comment_seconds" | "is_post" | "question_seconds" | "takes_comments" | "takes_questions" | "verified_only";
  value: number;
}

/** A call rings, or is written down by hand. A retry answers with the same call. */
export interface LogCall {
  type: "call.log";
  id: string;
  line?: string;
  number?: string;
  name?: string;
  district?: string;
  topic?: string;
}

/** Write down who calls from where about what; a ringing call is screened by it. `number` None leaves the number as it is. `notice`: the caller was told that the call is recorded and goes on air. Once told it stays told. */
export interface ScreenCall {
  type: "call.screen";
  id: string;
  call: number;
  version: number;
  name?: string;
  district?: string;
  topic?: string;
  note?: string;
  line?: string;
  priority?: boolean;
  notice?: boolean;
  number?: string | null;
}

/** Take a call from one state to another, off the air. */
export interface MoveCall {
  type: "call.move";
  id: string;
  call: number;
  version: number;
  to: "callback" | "dropped" | "ended" | "refused" | "ringing" | "screened" | "waiting";
}

/** Put a waiting call on air; the one that is there ends. */
export interface PutCallOnAir {
  type: "call.air";
  id: string;
  call: number;
  version: number;
}

/** Take the call off the air: it is over, the line fell, or it waits again. */
export interface EndCall {
  type: "call.end";
  id: string;
  call: number;
  version: number;
  to?: "dropped" | "ended" | "waiting";
}

/** Note the number of the case at the city's 12345 line; empty takes it away. */
export interface ReferCall {
  type: "call.refer";
  id: string;
  call: number;
  referral: string;
}

/** Put this caller's number on the list of those not put through, in all shows. `days` None: until lifted. */
export interface BlockCaller {
  type: "call.block";
  id: string;
  call: number;
  reason: string;
  days?: number | null;
}

/** Lift a block. */
export interface UnblockCaller {
  type: "call.unblock";
  id: string;
  block: number;
}

/** Tell the whole number, to call back. Audited. */
export interface RevealNumber {
  type: "call.number";
  id: string;
  call: number;
}

/** Cast the caller's vote. It counts like every ballot and is named 代投; changing it replaces it until the poll closes. */
export interface VoteForCaller {
  type: "call.vote";
  id: string;
  call: number;
  poll: number;
  options: number[];
}

/** Let listeners ask on the page to be called back, or stop it. */
export interface TakeCallbacks {
  type: "call.takes";
  id: string;
  on: boolean;
}

/** A line of what is being said, said `ago_ms` before this command is sent; public when the delayed picture comes to it. */
export interface AddCaption {
  type: "caption.add";
  id: string;
  text: string;
  ago_ms?: number;
}

/** Replace the words of a line, public or not yet. `version` is the one that was seen; another one is refused as conflict. */
export interface CorrectCaption {
  type: "caption.correct";
  id: string;
  line: number;
  version: number;
  text: string;
}

/** Take a line out; it leaves every page within two seconds, or never comes. */
export interface RemoveCaption {
  type: "caption.remove";
  id: string;
  line: number;
}

/** 公告: what everybody in the room reads first, at once; no words take it away. */
export interface SetAnnouncement {
  type: "announcement.set";
  id: string;
  text: string;
}

/** 置顶: let one public comment stand before all others, or no longer. */
export interface PinComment {
  type: "comment.pin";
  id: string;
  item: number;
  on?: boolean;
}

/** The whole public state, true as of (epoch, seq) of the public lane. The same bytes as GET …/state. */
export interface Snapshot {
  type: "snapshot";
  epoch: number;
  seq: number;
  at: string;
  next_after_ms: number;
  objects: (AiringObject | MediaObject | SegmentObject | PersonObject | CommentObject | PinnedObject | AnnouncementObject | CaptionObject | QuestionObject | PollObject | CountsObject | LoadObject)[];
}

/** What changed since seq - 1: objects put whole, keys removed. A browser that sees a gap resumes or takes the snapshot. `supports`: (question, how many) of questions of which nothing else changed; their objects are as before with that number. */
export interface Tick {
  type: "tick";
  epoch: number;
  seq: number;
  at: string;
  next_after_ms: number;
  put: (AiringObject | MediaObject | SegmentObject | PersonObject | CommentObject | PinnedObject | AnnouncementObject | CaptionObject | QuestionObject | PollObject | CountsObject | LoadObject)[];
  remove: string[];
  supports: [number, number][];
}

/** What belongs to this participant alone, whole: sent on request (GET …/mine) and in parts when something changes. `sanctions` are those that stand now; None says nothing of them. */
export interface Mine {
  type: "mine";
  items: MyItem[];
  ballots: MyBallot[];
  supports: number[];
  reports: MyReport[];
  assurance: number;
  whole: boolean;
  sanctions: MySanction[] | null;
}

/** If this socket is cut off without a reason, come back at a random moment of the next so many milliseconds: many others will. */
export interface Pace {
  type: "pace";
  return_ms: number;
}

/** The command `id` is in the database. `result` is plain data of the command's own. */
export interface Ack {
  type: "ack";
  id: string;
  result: Record<string, unknown>;
}

/** The command was refused; nothing of it is kept. `code` is stable, `message` is for a person, `id` is empty when unreadable. */
export interface Refused {
  type: "error";
  id: string;
  code: string;
  message: string;
  data: Record<string, unknown>;
}

/** All that staff of this airing work with, true as of `seq` of the staff lane. */
export interface StaffSnapshot {
  type: "staff.snapshot";
  seq: number;
  at: string;
  items: StaffItem[];
  polls: StaffPoll[];
  panels: Record<string, unknown>;
  public: (AiringObject | MediaObject | SegmentObject | PersonObject | CommentObject | PinnedObject | AnnouncementObject | CaptionObject | QuestionObject | PollObject | CountsObject | LoadObject)[];
  calls: StaffCall[];
}

/** Items, polls, calls or panels that changed after number `after`, up to and with `seq`, sent to staff at once. Several changes may come in one frame. Only an `after` beyond the last `seq` that was seen is a gap: take the snapshot again. */
export interface StaffChange {
  type: "staff.change";
  seq: number;
  at: string;
  after: number;
  items: StaffItem[];
  polls: StaffPoll[];
  panels: Record<string, unknown>;
  public: (AiringObject | MediaObject | SegmentObject | PersonObject | CommentObject | PinnedObject | AnnouncementObject | CaptionObject | QuestionObject | PollObject | CountsObject | LoadObject)[];
  calls: StaffCall[];
}

/** All that an overlay shows now, out of public objects alone; `shown` false: nothing. Sent whole whenever it changes, and every two seconds; at the studio's time or the public's, as the link says. */
export interface OverlayScene {
  type: "overlay";
  shown: boolean;
  programme: string;
  programme_en: string;
  number: number | null;
  segment: SegmentObject | null;
  question: QuestionObject | null;
  speaker: PersonObject | null;
  poll: PollObject | null;
  announcement: string;
  at: string;
  hall: HallScene | null;
}

/** The first frame of a socket opened with `?introduce=1`, within ten seconds: who is there. Our own pages have a cookie. `token` is signed by the partner (good once), or the one that an earlier Introduced, or POST /account/partner, answered with. */
export interface Introduce {
  type: "introduce";
  token: string;
}

/** The partner's user is known; all goes on as for everybody. `token` is the one to come back with, good for `seconds`. */
export interface Introduced {
  type: "introduced";
  token: string;
  seconds: number;
  assurance: number;
  name: string;
}

export type AudienceCommand = PostComment | AskQuestion | SupportQuestion | CastVote | AddLikes | RetractItem | ReportItem | AppealItem;
export type StaffCommand = ApproveItem | RejectItem | WithdrawItem | ReopenItem | HoldItem | EscalateItem | DecideItems | UndoAct | ClaimItem | ReleaseItem | LookAt | MergeQuestions | UnmergeQuestion | DismissReports | DecideAppeal | CreatePoll | ChangePoll | SchedulePoll | OrderPolls | DiscardPoll | OpenPoll | ClosePoll | PublishPoll | VoidPoll | IssueCodes | RevokeCodes | QueueQuestion | ShowQuestion | AnswerQuestion | PromiseReply | CloseQuestion | ResumeQuestion | MarkCommitment | EditCommitment | UndoCommitment | FulfilCommitment | OfferSlate | StartSegment | PerformAct | ImposeSanction | LiftSanction | WithdrawMany | RestoreMany | MarkFalseHit | SetSwitch | LogCall | ScreenCall | MoveCall | PutCallOnAir | EndCall | ReferCall | BlockCaller | UnblockCaller | RevealNumber | VoteForCaller | TakeCallbacks | AddCaption | CorrectCaption | RemoveCaption | SetAnnouncement | PinComment;
export type PublicObject = AiringObject | MediaObject | SegmentObject | PersonObject | CommentObject | PinnedObject | AnnouncementObject | CaptionObject | QuestionObject | PollObject | CountsObject | LoadObject;
export type AudienceFrame = Snapshot | Tick | Mine | Pace | Ack | Refused;
export type StaffFrame = StaffSnapshot | StaffChange | Mine | Ack | Refused;

export const enum CloseCode {
  GOING_AWAY = 1001,
  TOO_SLOW = 4008,
  NOT_ALLOWED = 4003,
  NOT_FOUND = 4004,
  MOVING = 4012,
  FULL = 4013,
  TOO_FAST = 4029,
}
