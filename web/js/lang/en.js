/** English. Words in braces are filled in. */

/** @type {import("../i18n.js").Language} */
export default {
  direction: "ltr",
  words: {
    "app.skip": "Skip to the message box",
    "app.name": "MastroGPT",

    "menu.chats": "Chats",
    "menu.new": "New chat",
    "menu.show": "Show the menu",
    "menu.hide": "Hide the menu",

    "composer.label": "Message",
    "composer.placeholder": "Write a message",
    "composer.send": "Send",
    "composer.stop": "Stop",

    "transcript.label": "Conversation",
    "transcript.end": "Jump to the end",
    "transcript.waiting": "Waiting for the first word",

    "message.you": "You",
    "message.retry": "Retry",

    "status.started": "Reply started",
    "status.done": "Reply finished",
    "status.stopped": "Reply stopped",
    "status.interrupted": "Reply interrupted",
    "status.failed": "Reply failed: {reason}",
    "status.silent": "Nothing has arrived for a while. It may still come; Stop ends the wait.",

    "end.stopped": "Stopped",
    "end.interrupted": "Interrupted",

    "problem.offline": "This device is offline. Connect it and try again.",
    "problem.unreachable": "The server does not answer. Check that it is running and try again.",
    "problem.login": "This chat asks for a login.",
    "problem.missing": "This chat is not deployed here any more.",
    "problem.empty": "The action answered nothing. It may have run out of time.",
    "problem.refused": "The server refused the message.",
    "problem.shape": "The server answered something that is not an answer.",
    "problem.streamer": "The stream broke off.",
    "problem.broken": "The connection broke off.",
    "problem.silent": "Nothing arrived for so long that nothing will.",
    "problem.action": "The action reports an error.",

    "start.unreachable": "The deployment does not answer",
    "start.retry": "Try again",
  },
}
