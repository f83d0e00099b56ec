using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.Json;
using System.Text.RegularExpressions;
using StingBackup.Console.Rendering;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Module.Tests.Module;

namespace StingBackup.Module.Tests.Console;

public sealed class RenderingTests : IDisposable
{
    private static readonly IReadOnlyDictionary<string, View> Views = FormatFile.Read(Path.Combine(Repository.Module, "StingBackup.Format.ps1xml"));
    private readonly Runspace _runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());

    public RenderingTests()
    {
        _runspace.Open();
        Runspace.DefaultRunspace = _runspace;
    }

    public void Dispose()
    {
        Runspace.DefaultRunspace = null;
        _runspace.Dispose();
    }

    private static readonly RestorePointItem Item = new()
    {
        BackupId = "backup_20240115_020000", DataClass = DataClass.UserFiles, Subject = "user:1", Kind = ItemKind.File, Length = 1536, Mode = 420,
        Path = "users/7/日本語のとても長い名前の文書であり列の幅を越えてしまうもの.pdf", ModifiedTime = new DateTimeOffset(2024, 1, 15, 2, 0, 0, TimeSpan.Zero),
    };

    private static readonly RestorePlan Plan = new()
    {
        Request = new() { Scope = RestoreScope.User, Subject = "a@b.c" }, Scope = "user a@b.c", Points = [], MissingClasses = [DataClass.Embeddings], Destination = "/srv", InPlace = true, Conflict = ConflictAction.Overwrite,
        Files = 2, Items = 3, Length = 4096, Packs = 1, PackBytes = 2048, Preview = [Item, Item with { Path = "users/7/b" }],
    };

    private static ScriptedTerminal Print(int? width, params object[] items)
    {
        var terminal = new ScriptedTerminal(width);
        var printer = new ViewPrinter(Views, terminal.Terminal);
        foreach (var item in items)
        {
            printer.Print(PSObject.AsPSObject(item));
        }
        printer.Finish();
        return terminal;
    }

    [Fact]
    public void A_table_fits_eighty_columns_and_counts_wide_characters_twice()
    {
        var lines = Print(80, Item, Item with { Path = "short", Kind = ItemKind.SymbolicLink, LinkTarget = "/t" }).Lines;
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("Mode           Size Modified            Path", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("-rw-r--r--   1.5 KB 2024-01-15 02:00:00 users/7/日本", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("…", lines[2], StringComparison.Ordinal);
        Assert.InRange(TextLayout.Width(lines[2]), 78, 80);
        Assert.EndsWith("short -> /t", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_cut_in_a_pipe() => Assert.EndsWith(Item.Path, Print(null, Item).Lines[2], StringComparison.Ordinal);

    [Fact]
    public void A_list_aligns_its_values_and_leaves_out_what_is_empty()
    {
        var lines = Print(80, Plan with { MissingClasses = [] }).Lines;
        Assert.Contains("Packs       : 1 (2.0 KB to read)", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("Missing", StringComparison.Ordinal));
        Assert.Equal("              users/7/b", lines[^1]);
        Assert.All(lines, l => Assert.InRange(TextLayout.Width(l), 1, 80));
    }

    private static RestorePoint Point(int run, DataClass dataClass, long items, long errors = 0) => new()
    {
        BackupId = $"backup_2024011{run}_020000", DataClass = dataClass, Type = BackupType.Full, Time = default, CompletedTime = default, State = JobState.Completed, Subjects = 1, Items = items, Length = 0, Errors = errors,
        Tier = Tier.Local, Writer = "", Sequence = run,
    };

    private static ConfigurationFinding Finding(FindingSeverity severity, string problem) => new() { Severity = severity, Key = null, File = null, Line = 0, Problem = problem, Remedy = "" };

    private static string[] Fold(int? width, params object[] items)
    {
        var terminal = new ScriptedTerminal(width);
        var printer = new FoldingPrinter(new ViewPrinter(Views, terminal.Terminal), terminal.Terminal);
        foreach (var item in items)
        {
            printer.Print(PSObject.AsPSObject(item));
        }
        printer.Finish();
        return terminal.Lines;
    }

    [Fact]
    public void A_class_that_never_held_anything_is_named_behind_the_points_and_one_that_is_empty_now_keeps_its_row()
    {
        var lines = Fold(80, Point(5, DataClass.UserFiles, 3), Point(5, DataClass.Reports, 0), Point(5, DataClass.Secrets, 0), Point(5, DataClass.Settings, 0, errors: 1),
            Point(6, DataClass.UserFiles, 0), Point(6, DataClass.Reports, 2), Point(6, DataClass.Physical, 0));
        Assert.Equal(["UserFiles", "Settings", "UserFiles", "Reports"], lines[2..6].Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
        Assert.Equal(["", "Nothing in Secrets, Physical."], lines[6..]);
    }

    [Fact]
    public void Points_that_hold_nothing_are_listed_where_there_are_no_others() => Assert.Equal(4, Fold(80, Point(5, DataClass.Reports, 0), Point(6, DataClass.Reports, 0)).Length);

    [Theory]
    [InlineData(80), InlineData(null)]
    public void What_needs_nobody_is_summed_up_behind_what_does(int? width)
    {
        var well = Finding(FindingSeverity.Information, "the clock shows noon");
        var lines = Fold(width, Finding(FindingSeverity.Error, "no disk"), Finding(FindingSeverity.Warning, "no escrow"), well, well);
        Assert.Equal(["Severity : Error", "Problem  : no disk", "", "Severity : Warning", "Problem  : no escrow", "", "2 more findings ask for nothing; --verbose tells them."], lines);
        Assert.Equal(["All is well; --verbose tells what was looked at."], Fold(width, well));
    }

    [Theory]
    [InlineData(80, true, false, true)]
    [InlineData(80, true, true, false)]
    [InlineData(80, false, false, false)]
    [InlineData(null, false, false, false)]
    public void The_screen_of_a_status_has_colours_where_the_terminal_knows_them_and_nobody_forbids_them(int? width, bool ansi, bool noColor, bool colored)
    {
        var status = PSObject.AsPSObject(new BackupStatus
        {
            Health = Health.Good, Time = default, ConfigurationFile = null, Repository = "/srv", ReservePath = "/r", ReserveId = "0", Writer = null, LastRun = null, Classes = [], Points = 1, Store = [], StoreLength = 0, RoomFree = null, RoomTotal = null,
            DeduplicationRatio = null, CompressionRatio = null, SparesLeft = null, SparesTarget = null, KeyProtection = KeyProtection.Open, Warnings = [], Damage = [],
        });
        status.TypeNames.Insert(0, "StingBackup.BackupStatus#Detailed");
        var output = new StringWriter();
        var terminal = new Terminal(new TerminalStreams { Output = output, Error = TextWriter.Null, Input = TextReader.Null, ReadKey = () => default, OutputWidth = width, ErrorWidth = width, IsInteractive = false, Ansi = ansi, OutputAnsi = ansi, NoColor = noColor });
        new ViewPrinter(Views, terminal).Print(status);
        Assert.Equal(colored, output.ToString().Contains('\e', StringComparison.Ordinal));
        Assert.Contains("GOOD", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_type_begins_a_new_table() => Assert.Equal(2, Print(80, Item, Plan, Item).Lines.Count(l => l.StartsWith("----", StringComparison.Ordinal)));

    [Fact]
    public void What_is_not_known_of_a_difference_stays_empty()
    {
        var difference = new RestorePointDifference { Change = DifferenceKind.Added, DataClass = DataClass.HoneyJars, Subject = "jar:1", Path = "jars/1/a", Kind = ItemKind.File, NewLength = 10 };
        Assert.Equal("Added                   10 B HoneyJars  jars/1/a", Print(80, difference).Lines[2]);
    }

    [Fact]
    public void Every_table_leaves_room_for_its_path_on_eighty_columns() =>
        Assert.All(Views.Values.Where(v => v.IsTable), v =>
        {
            var taken = v.Fields.Sum(f => f.Width) + v.Fields.Count - 1;
            Assert.True(taken + (v.Fields.Any(f => f.Width == 0) ? 16 : 0) <= 80, $"{v.TypeName} takes {taken} columns.");
            Assert.True(v.Fields.Count(f => f.Width == 0) <= 1 && v.Fields.SkipLast(1).All(f => f.Width > 0), $"{v.TypeName}: only the last column may be open.");
        });

    // Within ForEach({ … }) $_ is an element, not the object.
    private static string Outer(string script) => Regex.Replace(script, @"\.ForEach\(\{.*?\}\)", "", RegexOptions.Singleline);

    [Fact]
    public void Every_field_of_every_view_can_be_read()
    {
        // A misspelt property would show as an empty column, for ever.
        foreach (var view in Views.Values)
        {
            var type = typeof(StingException).Assembly.GetType(view.TypeName.Split('#')[0], throwOnError: true)!;
            foreach (var field in view.Fields)
            {
                var names = field.Property is { } property ? [property] : Regex.Matches(Outer(field.Script!), @"\$_\.(\w+)").Select(m => m.Groups[1].Value);
                names = names.Concat(Regex.Matches(Outer(field.Condition ?? ""), @"\$_\.(\w+)").Select(m => m.Groups[1].Value));
                Assert.All(names, n => Assert.True(type.GetProperty(n) is not null, $"{view.TypeName} has no property {n}."));
            }
        }
    }

    [Fact]
    public void A_line_that_its_condition_leaves_out_is_not_there()
    {
        var tier = new TierStatus
        {
            Tier = Tier.Remote, Location = "/far", IsReachable = false, Problem = "It is away.", Points = null, Packs = null, Length = null, Limit = null, Days = null, Waiting = null, Lag = TimeSpan.Zero, IsLate = false, LastSyncTime = null,
        };
        Assert.Equal(["Tier", "Location", "Problem"], Print(80, tier).Lines.Select(l => l.Split(' ')[0]));
    }

    [Fact]
    public void Rows_of_one_group_stand_under_its_title()
    {
        var version = new ItemVersion
        {
            BackupId = Item.BackupId, DataClass = Item.DataClass, Subject = Item.Subject, Path = "users/7/a", Kind = ItemKind.File, Length = 1536, ModifiedTime = Item.ModifiedTime,
            FirstSeen = Item.ModifiedTime, LastSeen = Item.ModifiedTime.AddDays(1), Points = 2,
        };
        var lines = Print(80, version, version with { Points = 3 }, version with { Path = "users/7/b" }).Lines;
        Assert.Equal("Path: users/7/a", lines[0]);
        Assert.Equal("backup_20240115_020000      2024-01-15 02:00 2024-01-16 02:00      2  1.5 KB", lines[3]);
        Assert.Equal(["", "Path: users/7/b"], lines[5..7]);
        Assert.EndsWith(" users/7/a", Print(null, version).Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_goes_on_in_further_lines()
    {
        var entry = new LogEntry { Time = Item.ModifiedTime, Level = LogEntryLevel.Information, Command = "backup-incremental", Category = "x", Message = string.Join(' ', Enumerable.Repeat("word", 20)), File = "f", Line = 1 };
        var lines = Print(80, entry).Lines;
        Assert.Equal(20, string.Join(' ', lines).Split("word").Length - 1);
        Assert.StartsWith(new string(' ', 32) + "word", lines[4], StringComparison.Ordinal);
        Assert.All(lines, l => Assert.True(TextLayout.Width(l) <= 80));
    }

    [Fact]
    public void Lists_are_read_in_the_way_of_PowerShell()
    {
        // List<T>.ForEach would be called instead of PowerShell's, and return nothing.
        Assert.All(Views.Values.SelectMany(v => v.Fields), f => Assert.DoesNotMatch(@"\$_\.\w+\.(ForEach|Where)\(", f.Script ?? ""));
    }

    [Fact]
    public void Json_is_one_object_or_one_array()
    {
        string Json(bool many, params object[] items)
        {
            var terminal = new ScriptedTerminal();
            var printer = new JsonPrinter(terminal.Terminal, many);
            foreach (var item in items)
            {
                printer.Print(PSObject.AsPSObject(item));
            }
            printer.Finish();
            return terminal.Output;
        }
        using var one = JsonDocument.Parse(Json(many: false, Item));
        Assert.Equal(1536, one.RootElement.GetProperty("length").GetInt64());
        Assert.Equal("UserFiles", one.RootElement.GetProperty("dataClass").GetString());
        Assert.Equal("2024-01-15T02:00:00+00:00", one.RootElement.GetProperty("modifiedTime").GetString());
        using var two = JsonDocument.Parse(Json(many: true, Item, Item));
        Assert.Equal(2, two.RootElement.GetArrayLength());
        Assert.Equal("[]\n", Json(many: true));
        Assert.Contains("日本語", Json(many: false, Item), StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_is_one_line_that_gives_way_to_others()
    {
        var terminal = new ScriptedTerminal(width: 60, ansi: true);
        var pane = new ProgressPane(terminal.Terminal);
        pane.Show(new ProgressRecord(1, "Backup", "5 of 10 items") { PercentComplete = 50, SecondsRemaining = 90, CurrentOperation = "users/7/a-long-name" });
        Assert.Contains("Backup  ━━━━━━━━━━──────────   50 %  5 of 10 items", terminal.Error, StringComparison.Ordinal);
        Assert.True(TextLayout.Width(terminal.Error.Split('K')[^1]) < 60);
        terminal.Terminal.WriteLine("result");
        Assert.EndsWith("\r\e[2K", terminal.Error, StringComparison.Ordinal);
        Assert.Equal("result\n", terminal.Output);
    }

    [Fact]
    public void Progress_is_quiet_where_there_is_no_terminal()
    {
        var terminal = new ScriptedTerminal();
        new ProgressPane(terminal.Terminal).Show(new ProgressRecord(1, "Backup", "x"));
        Assert.Equal("", terminal.Error);
    }

    [Theory]
    [InlineData("abc", 3, "abc")]
    [InlineData("abcd", 3, "ab…")]
    [InlineData("日本語", 5, "日本…")]
    [InlineData("日本語", 4, "日…")]
    [InlineData("abc", 0, "")]
    public void Text_is_cut_by_columns(string text, int width, string expected) => Assert.Equal(expected, TextLayout.Cut(text, width));
}
