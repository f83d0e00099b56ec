using System.Net;
using Google.Protobuf;
using StingBackup.Engine.Operations.Metrics;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Operations.Alerts;

namespace StingBackup.Engine.Tests.Operations.Metrics;

/// <summary>Metrics as a collector of OpenTelemetry gets them, by a reader of the wire format that shares nothing with the sender.</summary>
public sealed class OtlpTests : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly List<(string? Type, string? Token, byte[] Body)> _taken = [];
    private readonly string _address;
    private int _status = 200;

    public OtlpTests()
    {
        _address = $"http://127.0.0.1:{FreePorts.Next()}/v1/metrics";
        _listener.Prefixes.Add(_address[..^"v1/metrics".Length]);
        _listener.Start();
        _ = ServeAsync();
    }

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                lock (_taken)
                {
                    _taken.Add((context.Request.ContentType, context.Request.Headers["Authorization"], body.ToArray()));
                }
                context.Response.StatusCode = _status;
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // It is closed.
        }
    }

    /// <summary>The fields of a message: length-delimited ones as bytes, fixed ones as eight bytes.</summary>
    private static List<(int Field, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, byte[])>();
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            var field = WireFormat.GetTagFieldNumber(tag);
            switch (WireFormat.GetTagWireType(tag))
            {
                case WireFormat.WireType.LengthDelimited: fields.Add((field, input.ReadBytes().ToByteArray())); break;
                case WireFormat.WireType.Fixed64: fields.Add((field, BitConverter.GetBytes(input.ReadFixed64()))); break;
                case WireFormat.WireType.Varint: fields.Add((field, BitConverter.GetBytes(input.ReadUInt64()))); break;
                default: input.SkipLastField(); break;
            }
        }
        return fields;
    }

    private static IEnumerable<byte[]> All(byte[] message, int field) => Fields(message).Where(f => f.Field == field).Select(f => f.Bytes);

    private static string Text(byte[] message, int field) => System.Text.Encoding.UTF8.GetString(All(message, field).SingleOrDefault() ?? []);

    /// <summary>ExportMetricsServiceRequest: resource_metrics 1 (resource 1, scope_metrics 2 (scope 1, metrics 2 (name 1, description 2, unit 3, gauge 5 (data_points 1 (attributes 7, as_double 4))))).</summary>
    private static (Dictionary<string, string> Resource, Dictionary<string, double> Values, Dictionary<string, string> Units) Read(byte[] body)
    {
        var resource = Assert.Single(All(body, 1));
        var attributes = All(All(resource, 1).Single(), 1).ToDictionary(a => Text(a, 1), a => Text(All(a, 2).Single(), 1), StringComparer.Ordinal);
        var scope = Assert.Single(All(resource, 2));
        Assert.Equal("StingBackup", Text(All(scope, 1).Single(), 1));
        var (values, units) = (new Dictionary<string, double>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var metric in All(scope, 2))
        {
            var name = Text(metric, 1);
            units.Add(name, Text(metric, 3));
            Assert.NotEmpty(Text(metric, 2));
            foreach (var point in All(All(metric, 5).Single(), 1))
            {
                var label = All(point, 7).Select(a => $"{Text(a, 1)}={Text(All(a, 2).Single(), 1)}").SingleOrDefault();
                values.Add(label is null ? name : $"{name}|{label}", BitConverter.ToDouble(All(point, 4).Single()));
            }
        }
        return (attributes, values, units);
    }

    private static Dictionary<string, double> Told(BackupMetrics metrics) => MetricFamilies.Of(metrics).SelectMany(f => f.Samples.Select(s => (Name: s.Label is { } label ? $"{f.Name}|{label.Name}={label.Value}" : f.Name, s.Value))).ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal);

    [Fact]
    public async Task A_collector_gets_every_figure_under_the_names_of_the_file()
    {
        await using var test = new TestInstallation();
        test.Write("users/1/a.txt", "one"u8);
        await test.BackupAsync();
        var metrics = await MetricsReader.ReadAsync(test.Installation, default);
        var token = Path.Combine(test.Root, "token");
        File.WriteAllText(token, "s3cret\n");
        await OtlpPush.SendAsync(new OtlpTarget(_address, token), metrics, default);
        var (type, sent, body) = Assert.Single(_taken);
        Assert.Equal(("application/x-protobuf", "Bearer s3cret"), (type, sent));
        var (resource, values, units) = Read(body);
        Assert.Equal(("sting-backup", metrics.ReserveId, Environment.MachineName), (resource["service.name"], resource["service.instance.id"], resource["host.name"]));
        Assert.Equal(Told(metrics).OrderBy(v => v.Key, StringComparer.Ordinal), values.OrderBy(v => v.Key, StringComparer.Ordinal));
        Assert.Equal(1, values["sting_backup_restore_points"]);
        Assert.Equal(("s", "By", "1", ""), (units["sting_backup_rpo_seconds"], units["sting_backup_store_bytes"], units["sting_backup_success_ratio"], units["sting_backup_health"]));

        // A second sending carries the second figures, none of the first.
        test.Write("users/1/b.txt", "two"u8);
        await test.BackupAsync();
        var later = await MetricsReader.ReadAsync(test.Installation, default);
        await OtlpPush.SendAsync(new OtlpTarget(_address, null), later, default);
        Assert.Equal(2, Read(_taken[1].Body).Values["sting_backup_restore_points"]);
        Assert.Null(_taken[1].Token);
    }

    [Fact]
    public async Task Without_drills_their_figures_are_absent()
    {
        await using var test = new TestInstallation();
        var told = Told(await MetricsReader.ReadAsync(test.Installation, default));
        Assert.DoesNotContain(told.Keys, name => name.StartsWith("sting_backup_recovery_test_success", StringComparison.Ordinal) || name.StartsWith("sting_backup_last_recovery_test", StringComparison.Ordinal));
        Assert.Equal(0, told["sting_backup_recovery_tests"]);
    }

    [Fact]
    public async Task What_a_collector_does_not_take_is_an_error_that_says_why_and_no_token_goes_out_in_the_clear()
    {
        await using var test = new TestInstallation();
        var metrics = await MetricsReader.ReadAsync(test.Installation, default);
        _status = 401;
        var refused = await Assert.ThrowsAsync<StingException>(() => OtlpPush.SendAsync(new OtlpTarget(_address, null), metrics, default));
        Assert.Equal("MetricsUndelivered", refused.ErrorId);
        Assert.Contains("it answered 401", refused.Message, StringComparison.Ordinal);
        var gone = await Assert.ThrowsAsync<StingException>(() => OtlpPush.SendAsync(new OtlpTarget($"http://127.0.0.1:{FreePorts.Next()}/v1/metrics", null), metrics, default));
        Assert.Contains("ConnectionError", gone.Message, StringComparison.Ordinal);
        var token = Path.Combine(test.Root, "token");
        File.WriteAllText(token, "s3cret");
        var clear = await Assert.ThrowsAsync<StingException>(() => OtlpPush.SendAsync(new OtlpTarget("http://collector.example.org/v1/metrics", token), metrics, default));
        Assert.Contains("https alone", clear.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", clear.ToString(), StringComparison.Ordinal);
    }
}
