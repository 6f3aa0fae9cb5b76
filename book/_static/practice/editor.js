// A Python editor on a page, made of CodeMirror.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "../editor/codemirror-commands.js";
import { pythonLanguage } from "../editor/codemirror-lang-python.js";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "../editor/codemirror-language.js";
import { EditorState } from "../editor/codemirror-state.js";
import { EditorView, keymap, lineNumbers } from "../editor/codemirror-view.js";
import { classHighlighter } from "../editor/lezer-highlight.js";

export function newEditor(parent, text, label, { onChange, onFocus, keys }) {
  return new EditorView({
    parent,
    doc: text,
    extensions: [
      lineNumbers(),
      history(),
      indentOnInput(),
      bracketMatching(),
      pythonLanguage,
      syntaxHighlighting(classHighlighter),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      keymap.of([...keys, ...defaultKeymap, ...historyKeymap, indentWithTab]),
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString())),
      EditorView.domEventHandlers({ focus: () => void onFocus() }),
    ],
  });
}

// Replaced as one step, so that undo brings the old text back.
export function setText(editor, text) {
  editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
}
