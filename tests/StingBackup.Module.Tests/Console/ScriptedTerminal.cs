using System.Text;
using StingBackup.Console.Rendering;

namespace StingBackup.Module.Tests.Console;

/// <summary>A terminal whose keys and lines were typed beforehand, and whose output can be read.</summary>
internal sealed class ScriptedTerminal
{
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    /// <summary>Makes one.</summary>
    /// <param name="width">Columns, or null for a pipe.</param>
    /// <param name="interactive">Whether somebody answers.</param>
    /// <param name="input">Lines typed.</param>
    /// <param name="keys">Keys typed where nothing is shown.</param>
    /// <param name="ansi">Whether control sequences are understood.</param>
    /// <param name="asOne">Whether standard error goes where standard output does, as before a person's eyes.</param>
    public ScriptedTerminal(int? width = null, bool interactive = false, string input = "", string keys = "", bool ansi = false, bool asOne = false)
    {
        var typed = new Queue<char>(keys);
        Terminal = new Terminal(new TerminalStreams
        {
            Output = new StringWriter(_output),
            Error = new StringWriter(asOne ? _output : _error),
            Input = new StringReader(input),
            ReadKey = () => Key(typed.Dequeue()),
            OutputWidth = width,
            ErrorWidth = width,
            IsInteractive = interactive,
            Ansi = ansi,
        });
    }

    /// <summary>The terminal.</summary>
    public Terminal Terminal { get; }
    /// <summary>What went to standard output.</summary>
    public string Output => _output.ToString();
    /// <summary>What went to standard error.</summary>
    public string Error => _error.ToString();
    /// <summary>Lines of standard output.</summary>
    public string[] Lines => Output.TrimEnd('\n').Split('\n');

    private static ConsoleKeyInfo Key(char c) => c switch
    {
        '\r' => new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false),
        '\b' => new ConsoleKeyInfo('\b', ConsoleKey.Backspace, false, false, false),
        '\u0003' => new ConsoleKeyInfo('\u0003', ConsoleKey.C, false, false, true),
        '\u0015' => new ConsoleKeyInfo('\u0015', ConsoleKey.U, false, false, true),
        _ => new ConsoleKeyInfo(c, ConsoleKey.None, false, false, false),
    };
}
