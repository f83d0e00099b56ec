using System.Text;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Tests.Chroma.StandIn;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Chroma;

/// <summary>What a backup expects of a Chroma server: the same of the stand-in and of a real one.</summary>
public sealed class ChromaContractTests
{
    private static ChromaRecord Record(string id, float first, string? document = null, string? metadata = null) =>
        new(id, [first, 0.1f, -2.5e-7f]) { Document = document, Metadata = metadata is null ? null : Encoding.UTF8.GetBytes(metadata) };

    private static string Show(ChromaRecord record) => $"{record.Id} {string.Join(' ', record.Vector)} {record.Document ?? "-"} {(record.Metadata is null ? "-" : Encoding.UTF8.GetString(record.Metadata))}";

    private static async Task RunAsync(ChromaClient client)
    {
        await client.CheckDatabaseAsync(default);
        Assert.Matches(@"^\d+\.\d+\.\d+$", await client.ReadVersionAsync(default));
        Assert.Null(await client.FindAsync("honey_jar_none", default));

        var made = await client.CreateAsync("honey_jar_one", """{"about":"jar","n":3}"""u8.ToArray(), null, default);
        Assert.Equal("""{"about":"jar","n":3}""", Encoding.UTF8.GetString(made.Metadata!));
        Assert.Null(made.Dimension);
        Assert.Equal(made.Id, (await client.CreateAsync("honey_jar_one", null, null, default)).Id);
        var copy = await client.CreateAsync("a-copy", made.Metadata, made.Configuration, default);
        Assert.Equal(Encoding.UTF8.GetString(made.Configuration!), Encoding.UTF8.GetString(copy.Configuration!));
        Assert.Equal(["a-copy", "honey_jar_one"], (await client.ListAsync(default)).Select(c => c.Name));
        Assert.Empty(await client.ReadIdsAsync(made.Id, default));

        ChromaRecord[] records = [Record("z", 1, "text ä\n\"quoted\"", """{"f":1.0,"i":1,"s":"x","t":true}"""), Record("a", 2, "another"), Record("ü/1", 3, "third")];
        await client.WriteAsync(made.Id, records, replace: false, default);
        await client.WriteAsync(made.Id, [Record("plain", 4)], replace: false, default);
        await client.WriteAsync(made.Id, [Record("a", 99, "must not replace")], replace: false, default);
        Assert.Equal(["z", "a", "ü/1", "plain"], await client.ReadIdsAsync(made.Id, default));
        Assert.Equal(4, await client.CountAsync(made.Id, default));
        Assert.Equal(3, (await client.FindAsync("honey_jar_one", default))!.Dimension);
        Assert.Equal([.. records.Select(Show), Show(Record("plain", 4))], (await client.ReadAsync(made.Id, ["plain", "z", "gone", "ü/1", "a"], default))!.Select(Show));

        await client.WriteAsync(made.Id, [Record("a", 5, "replaced", """{"f":null,"k":"v"}"""), Record("new", 6, "new one")], replace: true, default);
        await client.WriteAsync(made.Id, [Record("z", 1, "text", """{"f":null,"i":2}""")], replace: true, default);
        var read = (await client.ReadAsync(made.Id, ["z", "a", "new"], default))!.ToDictionary(r => r.Id, Show);
        Assert.Equal(Show(Record("a", 5, "replaced", """{"k":"v"}""")), read["a"]);
        Assert.Equal(Show(Record("z", 1, "text", """{"i":2,"s":"x","t":true}""")), read["z"]);
        await client.DeleteAsync(made.Id, ["z", "plain"], default);
        Assert.Equal(["a", "ü/1", "new"], await client.ReadIdsAsync(made.Id, default));

        var refused = await Assert.ThrowsAsync<StingException>(() => client.WriteAsync(made.Id, [new ChromaRecord("short", [1f])], replace: true, default));
        Assert.Equal("ChromaRequestRefused", refused.ErrorId);
        refused = await Assert.ThrowsAsync<StingException>(() => client.ReadIdsAsync(Guid.NewGuid().ToString("D"), default));
        Assert.Equal("ChromaRequestRefused", refused.ErrorId);
    }

    [Fact]
    public async Task The_stand_in_does_what_a_backup_expects()
    {
        await using var standIn = await ChromaStandIn.StartAsync();
        using var client = new ChromaClient(new ChromaOptions { Address = standIn.Address }, TimeProvider.System);
        await RunAsync(client);
        using var elsewhere = new ChromaClient(new ChromaOptions { Address = standIn.Address, Database = "other" }, TimeProvider.System);
        Assert.Equal("ChromaDatabaseMissing", (await Assert.ThrowsAsync<StingException>(() => elsewhere.CheckDatabaseAsync(default))).ErrorId);
    }

    [ChromaFact]
    public async Task A_real_server_does_what_a_backup_expects()
    {
        using var folder = new TempFolder();
        await using var server = await ChromaServer.StartAsync(folder["data"]);
        using var client = server.Client();
        await RunAsync(client);
        using var elsewhere = new ChromaClient(new ChromaOptions { Address = server.Address, Database = "other" }, TimeProvider.System);
        Assert.Equal("ChromaDatabaseMissing", (await Assert.ThrowsAsync<StingException>(() => elsewhere.CheckDatabaseAsync(default))).ErrorId);
    }

    [Fact]
    public async Task A_server_that_falls_silent_within_an_answer_is_not_waited_for()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var client = new ChromaClient(new ChromaOptions
        {
            Address = new Uri($"http://{listener.LocalEndpoint}"), Silence = TimeSpan.FromMilliseconds(300), Retries = 0,
        }, TimeProvider.System);
        var asked = client.ReadVersionAsync(default);
        using var connection = await listener.AcceptTcpClientAsync();
        await connection.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n\"1."u8.ToArray());
        var error = await Assert.ThrowsAsync<StingException>(() => asked.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal("ChromaUnreachable", error.ErrorId);
    }
}
