using Spectre.Console;

namespace StingBackup.Console.Rendering;

/// <summary>Standard output, standard error and the person before them. Results go to the one; everything else to the other. Safe to call from any thread.</summary>
internal sealed class Terminal
{
    private readonly Lock _lock = new();
    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly TextReader _input;
    private readonly Func<ConsoleKeyInfo> _readKey;
    private readonly bool _ansi, _noColor;
    private string _pane = "";
    private volatile bool _asking;

    /// <summary>Makes one over given streams.</summary>
    /// <param name="streams">The streams.</param>
    public Terminal(TerminalStreams streams)
    {
        (_output, _error, _input, _readKey) = (streams.Output, streams.Error, streams.Input, streams.ReadKey);
        Width = streams.OutputWidth;
        ErrorWidth = streams.ErrorWidth;
        IsInteractive = streams.IsInteractive;
        (_ansi, _noColor) = (streams.Ansi, streams.NoColor);
        HasColors = streams.OutputAnsi && !streams.NoColor;
    }

    /// <summary>The process's own.</summary>
    public static Terminal OfProcess()
    {
        static int Columns() => int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out var columns) && columns > 0 ? columns
            : System.Console.WindowWidth > 0 ? System.Console.WindowWidth : 80;
        // Spectre knows which terminals understand control sequences, and turns them on where Windows wants to be asked.
        static bool Ansi(TextWriter writer) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) }).Profile.Capabilities.Ansi;
        return new Terminal(new TerminalStreams
        {
            Output = System.Console.Out,
            Error = System.Console.Error,
            Input = System.Console.In,
            ReadKey = ReadKeyOfProcess,
            OutputWidth = System.Console.IsOutputRedirected ? null : Columns(),
            ErrorWidth = System.Console.IsErrorRedirected ? null : Columns(),
            IsInteractive = !System.Console.IsInputRedirected && !System.Console.IsErrorRedirected,
            Ansi = !System.Console.IsErrorRedirected && Ansi(System.Console.Error),
            OutputAnsi = !System.Console.IsOutputRedirected && Ansi(System.Console.Out),
            NoColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        });
    }

    private static ConsoleKeyInfo ReadKeyOfProcess()
    {
        // As a signal it could not wake the thread that waits for a key.
        System.Console.TreatControlCAsInput = true;
        try
        {
            return System.Console.ReadKey(intercept: true);
        }
        finally
        {
            System.Console.TreatControlCAsInput = false;
        }
    }

    /// <summary>Columns of standard output, or null where it is no terminal.</summary>
    public int? Width { get; }

    /// <summary>Columns of standard error, or null where it is no terminal.</summary>
    public int? ErrorWidth { get; }

    /// <summary>Whether results may have colours: standard output is a terminal that knows them, and NO_COLOR is not set (no-color.org).</summary>
    public bool HasColors { get; }

    /// <summary>Whether somebody can be asked.</summary>
    public bool IsInteractive { get; }

    /// <summary>True while a question waits for its answer: nothing has been done yet that a stop would have to clean up.</summary>
    public bool IsAsking => _asking;

    /// <summary>Writes to standard output.</summary>
    public void Write(string text)
    {
        lock (_lock)
        {
            ClearPane();
            _output.Write(text);
            _output.Flush();
        }
    }

    /// <summary>Writes a line to standard output.</summary>
    public void WriteLine(string text) => Write(text + "\n");

    /// <summary>Writes a line to standard error, in a colour where there are colours.</summary>
    public void Tell(string text, TerminalColor color = TerminalColor.None)
    {
        lock (_lock)
        {
            ClearPane();
            _error.Write(_ansi && !_noColor && color != TerminalColor.None ? $"\e[{(int)color}m{text}\e[0m\n" : $"{text}\n");
            _error.Flush();
        }
    }

    /// <summary>Writes to standard error without ending the line.</summary>
    public void TellPart(string text)
    {
        lock (_lock)
        {
            ClearPane();
            _error.Write(text);
            _error.Flush();
        }
    }

    /// <summary>Shows a line that the next one replaces; nothing where there is no terminal.</summary>
    public void ShowPane(string line)
    {
        if (!_ansi || ErrorWidth is not { } width)
        {
            return;
        }
        lock (_lock)
        {
            // The last column stays free: writing into it would scroll some terminals.
            _pane = TextLayout.Cut(line, width - 1);
            _error.Write($"\r\e[2K{_pane}");
            _error.Flush();
        }
    }

    /// <summary>Takes that line away.</summary>
    public void HidePane()
    {
        lock (_lock)
        {
            ClearPane();
            _error.Flush();
        }
    }

    /// <summary>Asks for a line; null at the end of the input.</summary>
    public string? Ask(string question)
    {
        TellPart(question);
        _asking = true;
        try
        {
            return _input.ReadLine();
        }
        finally
        {
            _asking = false;
        }
    }

    /// <summary>The next key, not shown.</summary>
    public ConsoleKeyInfo ReadKey() => _readKey();

    private void ClearPane()
    {
        if (_pane.Length > 0)
        {
            _pane = "";
            _error.Write("\r\e[2K");
        }
    }
}

/// <summary>Foreground colours, as control sequences number them.</summary>
internal enum TerminalColor
{
    /// <summary>The terminal's own.</summary>
    None = 0,
    /// <summary>For errors.</summary>
    Red = 31,
    /// <summary>For warnings.</summary>
    Yellow = 33,
    /// <summary>For decisions.</summary>
    Grey = 90,
}

/// <summary>What a terminal is made of.</summary>
internal sealed record TerminalStreams
{
    /// <summary>Standard output.</summary>
    public required TextWriter Output { get; init; }
    /// <summary>Standard error.</summary>
    public required TextWriter Error { get; init; }
    /// <summary>Standard input.</summary>
    public required TextReader Input { get; init; }
    /// <summary>Reads a key without showing it.</summary>
    public required Func<ConsoleKeyInfo> ReadKey { get; init; }
    /// <summary>Columns of standard output, or null where it is no terminal.</summary>
    public required int? OutputWidth { get; init; }
    /// <summary>Columns of standard error, or null where it is no terminal.</summary>
    public required int? ErrorWidth { get; init; }
    /// <summary>Whether somebody can be asked.</summary>
    public required bool IsInteractive { get; init; }
    /// <summary>Whether standard error understands control sequences.</summary>
    public required bool Ansi { get; init; }
    /// <summary>Whether standard output does.</summary>
    public bool OutputAnsi { get; init; }
    /// <summary>Whether whoever started the program wants no colours.</summary>
    public bool NoColor { get; init; }
}
