using StingBackup.Engine.Jobs.Logging;

namespace StingBackup.Engine.Tests.Jobs.Logging;

public sealed class LogReaderTests : IDisposable
{
    private const string Line = """{"time":"2024-01-15T02:00:00.000Z","level":"Warning","command":"full","category":"c","message":"m"}""";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Write(string name, string text) => File.WriteAllText(_folder[name], text);

    [Fact]
    public void A_torn_line_is_told_and_the_others_are_read()
    {
        Write("full-20240115T020000Z-1.jsonl", Line + "\n\n" + Line[..40] + "\n" + Line.Replace("Warning", "Nonsense", StringComparison.Ordinal) + "\n" + Line);
        var entries = LogReader.Read(_folder.Path).ToArray();
        Assert.Equal([1, 3, 4, 5], entries.Select(e => e.Line));
        Assert.Equal("Line 3 of this log is damaged: " + Line[..40], entries[1].Message);
        Assert.Equal("m", entries[3].Message);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("{\"time\":7}")]
    [InlineData("{\"time\":\"x\",\"level\":\"Error\",\"command\":\"c\",\"category\":\"c\",\"message\":\"m\"}")]
    [InlineData("{\"time\":\"2024-01-15T02:00:00.000Z\",\"level\":\"Error\",\"command\":\"c\",\"category\":\"c\",\"message\":\"m\",\"properties\":{\"a\":1}}")]
    [InlineData("{\"time\":\"2024-01-15T02:00:00.000Z\",\"level\":\"Error\",\"command\":\"c\",\"category\":\"c\",\"message\":\"m\",\"properties\":[]}")]
    public void A_line_of_another_shape_is_damaged(string line)
    {
        Write("full-20240115T020000Z-1.jsonl", line);
        Assert.Contains("damaged", Assert.Single(LogReader.Read(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_come_in_the_order_in_which_they_began_and_light_entries_can_be_left_out()
    {
        Write("full-20240115T030000Z-1.jsonl", Line.Replace("\"m\"", "\"late\"", StringComparison.Ordinal));
        Write("zz-20240115T020000Z-1.jsonl", Line.Replace("\"m\"", "\"early\"", StringComparison.Ordinal));
        Write("zz-20240115T020000Z-1.2.jsonl", Line.Replace("\"m\"", "\"early, further\"", StringComparison.Ordinal) + "\n" + Line.Replace("Warning", "Error", StringComparison.Ordinal));
        Assert.Equal(["early", "early, further", "m", "late"], LogReader.Read(_folder.Path).Select(e => e.Message));
        Assert.Equal(["m"], LogReader.Read(_folder.Path, least: LogEntryLevel.Error).Select(e => e.Message));
    }

    [Fact]
    public void A_run_that_no_log_knows_is_told()
    {
        Write("backup_20240115_020000_2-20240115T020000Z-1.jsonl", Line);
        var error = Assert.Throws<StingException>(() => LogReader.Read(_folder.Path, "backup_20240115_020000").Any());
        Assert.Equal(("LogNotFound", "backup_20240115_020000"), (error.ErrorId, error.Target));
        Assert.Throws<StingException>(() => LogReader.Read(_folder["none"], "backup_20240115_020000").Any());
        Assert.Empty(LogReader.Read(_folder["none"]));
    }

    [Fact]
    public void Reading_stops_when_told()
    {
        Write("full-20240115T020000Z-1.jsonl", Line + "\n" + Line);
        using var stop = new CancellationTokenSource();
        var read = LogReader.Read(_folder.Path, cancel: stop.Token).GetEnumerator();
        Assert.True(read.MoveNext());
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => read.MoveNext());
    }

    [Theory]
    [InlineData("full-20240115T020000Z-1.jsonl", true)]
    [InlineData("honey-jar-20240115T020000Z-1.12.jsonl", true)]
    [InlineData("full-20240115T020000Z-1.1.jsonl", false)]
    [InlineData("full-20240115T020000Z-1.x.jsonl", false)]
    [InlineData("full-20240115T020000Z-1.2.3.jsonl", false)]
    [InlineData("full-20240115T020000-1.jsonl", false)]
    [InlineData("full-20240115T020000Z-.jsonl", false)]
    [InlineData("-20240115T020000Z-1.jsonl", false)]
    [InlineData("20240115T020000Z-1.jsonl", false)]
    [InlineData("notes.jsonl", false)]
    [InlineData(".jsonl", false)]
    public void A_logs_name_is_told_from_others(string name, bool isLog)
    {
        Assert.Equal(isLog, LogFileName.TryParse(name, out var parsed));
        if (isLog)
        {
            Assert.Equal(name, parsed.ToString());
        }
    }
}
