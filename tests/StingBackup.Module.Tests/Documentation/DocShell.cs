using System.Diagnostics;
using System.Text;
using StingBackup.Console;
using StingBackup.Module.Tests.Console;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>
/// A shell in a folder, for one page: variables and the folder last from block to block. The two programs run within the test's own process, asked through a named pipe, since starting them is most of what a command takes;
/// with STING_DOCS_PROGRAMS=1 the built ones run (tests/soak/11-docs.sh).
/// </summary>
internal sealed class DocShell : IDisposable
{
    private const string Marker = "\u001e";
    private static readonly bool RealPrograms = Environment.GetEnvironmentVariable("STING_DOCS_PROGRAMS") == "1";

    // What 'init' would write to the host's own folders goes into this one.
    private const string Stub = """
        #!/bin/bash
        program=${0##*/}
        words=("$@")
        [[ " $* " == *" --config"[=\ ]* ]] || [[ -e sting-backup.yaml && $1 != init ]] || words+=(--config="$DOC_ROOT/etc/sting/sting-backup.yaml")
        if [[ $1 == init ]]; then
            for own in key:lib/sting-backup/keys state:lib/sting-backup/state cache:cache/sting-backup log:log/sting-backup; do
                [[ " $* " == *" --${own%%:*}-directory"* ]] || words+=(--${own%%:*}-directory="$DOC_ROOT/var/${own#*:}")
            done
        fi
        [[ ! $DOC_BIN ]] || exec "$DOC_BIN/$program" "${words[@]}"
        call=$(mktemp -d "$DOC_CALLS/XXXXXX")
        printf '%s\0' "$PWD" "$STING_BACKUP_PASSPHRASE" "$DOC_SHOWN" "$program" "${words[@]}" >"$call/words"
        mkfifo "$call/answer"
        echo "$call" >"$DOC_CALLS/ask"
        read -r code <"$call/answer"
        cat "$call/out"
        cat "$call/error" >&2
        exit "$code"
        """;

    private readonly DocFolder _folder;
    private readonly TemporaryFolder _calls = new();
    private readonly Process _bash;
    private readonly Thread? _server;

    public DocShell(DocFolder folder)
    {
        _folder = folder;
        Directory.CreateDirectory(_calls["bin"]);
        foreach (var program in (string[])["sting-backup", "sting-restore"])
        {
            File.WriteAllText(_calls["bin", program], Stub);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(_calls["bin", program], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        var start = new ProcessStartInfo("/bin/bash", ["--noprofile", "--norc"]) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = folder.Root };
        start.Environment["PATH"] = $"{_calls["bin"]}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["DOC_CALLS"] = _calls.Path;
        start.Environment["DOC_ROOT"] = folder.Root;
        start.Environment["DOC_BIN"] = RealPrograms ? Path.GetDirectoryName(Repository.Program("sting-backup")) : "";
        start.Environment["HOME"] = folder.Root;
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["COLUMNS"] = "100";
        start.Environment.Remove("STING_BACKUP_CONFIG");
        start.Environment["STING_BACKUP_PASSPHRASE"] = folder.Passphrase ?? "";
        if (!RealPrograms)
        {
            using var made = Process.Start("mkfifo", _calls["ask"]);
            made.WaitForExit();
            // Open for both, so that it never ends between two callers.
            var asked = new StreamReader(new FileStream(_calls["ask"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0));
            _server = new Thread(() => Serve(asked)) { IsBackground = true };
            _server.Start();
        }
        _bash = Process.Start(start)!;
        _bash.StandardInput.AutoFlush = true;
        _bash.StandardInput.WriteLine("exec 2>&1");
    }

    /// <summary>Runs a command to its end.</summary>
    /// <param name="command">What is typed, as it stands in the page.</param>
    /// <param name="shown">Whether its two outputs come in the order in which they were written, as a terminal shows them.</param>
    public ProgramResult Run(string command, bool shown)
    {
        // Read from a file: a quote that is left open is an error there, and would wait for its end here.
        File.WriteAllText(_calls["command"], _folder.Inwards(command) + "\n");
        _bash.StandardInput.WriteLine($"DOC_SHOWN={(shown ? "1" : "")} . '{_calls["command"]}' </dev/null\nprintf '\\n{Marker}%d\\n' $?");
        var output = new StringBuilder();
        while (_bash.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(Marker, StringComparison.Ordinal))
            {
                return new ProgramResult(int.Parse(line[1..], System.Globalization.CultureInfo.InvariantCulture), _folder.Outwards(output.ToString()), "");
            }
            output.Append(line).Append('\n');
        }
        return new ProgramResult(-1, $"{_folder.Outwards(output.ToString())}\nThe shell ended.", "");
    }

    private static void Serve(StreamReader asked)
    {
        using (asked)
        {
            while (asked.ReadLine() is { Length: > 0 } call)
            {
                var words = File.ReadAllText(Path.Join(call, "words")).Split('\0')[..^1];
                var code = Answer(call, words[0], words[1], words[2] == "1", words[3], words[4..]);
                File.WriteAllText(Path.Join(call, "answer"), $"{code}\n");
            }
        }
    }

    private static int Answer(string call, string folder, string passphrase, bool shown, string name, string[] words)
    {
        var terminal = shown ? new ScriptedTerminal(asOne: true) : new ScriptedTerminal();
        var code = ExitCode.Failed;
        try
        {
            using var program = new StingProgram(name, terminal.Terminal, Repository.Module, v => v == "STING_BACKUP_PASSPHRASE" && passphrase.Length > 0 ? passphrase : null) { Folder = folder };
            code = program.Run(words);
        }
        catch (Exception e)
        {
            File.WriteAllText(Path.Join(call, "error"), e.ToString());
            File.WriteAllText(Path.Join(call, "out"), "");
            return 99;
        }
        File.WriteAllText(Path.Join(call, "out"), terminal.Output);
        File.WriteAllText(Path.Join(call, "error"), terminal.Error);
        return (int)code;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _bash.StandardInput.Close();
        _bash.WaitForExit();
        _bash.Dispose();
        if (_server is not null)
        {
            using (var last = Process.Start("/bin/sh", ["-c", $"echo >'{_calls["ask"]}'"]))
            {
                last.WaitForExit();
            }
            _server.Join();
        }
        _calls.Dispose();
    }
}
