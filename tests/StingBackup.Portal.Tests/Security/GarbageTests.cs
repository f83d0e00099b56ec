using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StingBackup.Portal.Tests.Support;
using ILogger = Microsoft.Extensions.Logging.ILogger;

namespace StingBackup.Portal.Tests.Security;

/// <summary>Whatever is sent: no failure of the server's own, nothing of anybody else, no name in a log.</summary>
public sealed class GarbageTests : IAsyncLifetime, IDisposable
{
    private const int Rounds = 400;
    private readonly LogOf _log = new();
    private PortalSite _site = null!;

    public async Task InitializeAsync()
    {
        _site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = "100000" }, change: Visitors.WithRoles);
        _site.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
    }

    public async Task DisposeAsync() => await _site.DisposeAsync();

    public void Dispose() => _log.Dispose();

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.OneOfConst("", ".", "..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "\\\\host\\share", "%00", "\0", "users/" + PortalSite.Bob + "/secret-of-bob.txt", "../" + PortalSite.Bob, "user:" + PortalSite.Bob, "latest", "-1", "0",
            "99999999999999999999", "1e309", "NaN", "null", "true", "2024-02-30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "\r\nSet-Cookie: a=b", "'; drop table users; --", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "\ud800", "%", "%zz", "a\u202eb", "🐝",
            "backup_20240115_020000", "*", "**/*", "[", "(?<x>", "AAAA", "eyJhbGciOiJub25lIn0.e30."),
        Gen.String[0, 40], Gen.Char.Array[0, 300].Select(c => new string(c)));

    private static readonly Gen<string> Json = Gen.OneOf(Gen.OneOfConst("", "{", "null", "[]", "{}", "0", "\"\"", "[[[[[[[[[[", "{\"a\":", "true", "{\"path\":null}", "\ufeff{}"), Text.Array[0, 4].Select(t => JsonSerializer.Serialize(t)),
        Gen.Select(Text, Text, (name, value) => JsonSerializer.Serialize(new Dictionary<string, string> { [name] = value })));

    [Fact]
    public async Task Whatever_is_sent_to_whichever_route_nothing_fails_on_the_server_s_side()
    {
        var ada = await Visitors.ClientAsync(_site, Visitors.Ada);
        var document = JsonDocument.Parse(await ada.GetStringAsync(new Uri("/api/v1/openapi.json", UriKind.Relative))).RootElement;
        var pages = (await Routes.OfAsync(_site)).Where(r => !r.IsApi && !r.Pattern.Contains("sign-out", StringComparison.OrdinalIgnoreCase)).Select(r => new Target(r.Pattern, r.Method, [.. Parameters(r.Pattern).Concat(["path", "after", "return", "code", "q", "status"])])).ToList();
        var targets = document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => new Target(p.Name, m.Name.ToUpperInvariant(), NamesOf(m.Value)) { Body = BodyOf(document, m.Value) })).Concat(pages).ToArray();
        Assert.NotEmpty(targets);
        (string Visitor, HttpClient Client, string Token)[] clients = [.. await Task.WhenAll(new[] { Visitors.Anonymous, Visitors.Ada, Visitors.Approver, Visitors.Administrator }.Select(async v =>
        {
            var client = await Visitors.ClientAsync(_site, v);
            return (v, client, v == Visitors.Anonymous ? "" : JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/v1/token", UriKind.Relative))).RootElement.GetProperty("value").GetString()!);
        }))];
        var requests = Gen.Select(Gen.OneOfConst(targets), Gen.Int[0, clients.Length - 1], Gen.OneOfConst("", "", "", "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"), Text.Array[8], Json, Gen.OneOfConst("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "nonsense"))
            .Select((target, who, method, values, body, type) => (target, clients[who], method.Length > 0 ? method : target.Method, values, body, type));
        var wrong = new ConcurrentBag<string>();
        await requests.SampleAsync(async r =>
        {
            if (await SendAsync(r.Item1, r.Item2.Client, r.Item2.Token, r.Item3, r.Item4, r.Item5, r.Item6) is { } problem)
            {
                wrong.Add($"{r.Item3} {r.Item1.Path} as {r.Item2.Visitor} [{string.Join(" | ", r.Item4.Take(r.Item1.Parameters.Count))}] {r.Item6} {r.Item5}: {problem}");
            }
        }, iter: Rounds, threads: 2);
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("secret-of-bob", StringComparison.Ordinal) || line.Contains("etc/passwd", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_log_names_no_file_no_address_and_no_link()
    {
        var link = await _site.LinkAsync(PortalSite.Ada);
        using var ada = await PortalSite.SignInAsync(_site.Client(), link);
        foreach (var route in (await Routes.OfAsync(_site)).Where(r => r.IsRead))
        {
            using var answer = await ada.GetAsync(new Uri($"{route.Path}?path=documents/letter.txt&q=garden.md&return=/documents/plans&code=abc&email=ada@example.org", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        }
        using var failed = await ada.GetAsync(new Uri("/api/v1/none/letter.txt", UriKind.Relative));
        var code = System.Web.HttpUtility.ParseQueryString(link.Query)["code"]!;
        foreach (var name in (string[])["letter", "garden", "documents", "example.org", code, PortalSite.Ada])
        {
            Assert.DoesNotContain(_log.Lines, line => line.Contains(name, StringComparison.OrdinalIgnoreCase));
        }
        // What went wrong is told all the same: by its id.
        _site.App.Services.GetRequiredService<ILoggerFactory>().CreateLogger("StingBackup.Portal").LogWarning("heard");
        Assert.Contains(_log.Lines, line => line.Contains("heard", StringComparison.Ordinal));
    }

    private static async Task<string?> SendAsync(Target target, HttpClient client, string token, string method, string[] values, string body, string type)
    {
        var path = target.Path;
        var query = new StringBuilder();
        for (var i = 0; i < target.Parameters.Count; i++)
        {
            var (name, value) = (target.Parameters[i], Uri.EscapeDataString(Whole(values[i % values.Length])));
            var filled = System.Text.RegularExpressions.Regex.Replace(path, $@"\{{\**{name}[^}}]*\}}", value.Length == 0 ? "%20" : value.Replace("$", "$$", StringComparison.Ordinal));
            if (filled == path)
            {
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(value);
            }
            path = filled;
        }
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path + query, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("X-Form-Token", token);
        request.Headers.TryAddWithoutValidation("Range", values[^1].All(c => c is > ' ' and < '\x7f') ? values[^1] : "bytes=5-1");
        request.Headers.TryAddWithoutValidation("If-None-Match", "\"x");
        if (method is not ("GET" or "HEAD" or "TRACE" or "OPTIONS"))
        {
            request.Content = new StringContent(Whole(type == "application/json" ? target.Fill(values, body) : body));
            request.Content.Headers.Remove("Content-Type");
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var said = answer.Content.Headers.ContentType?.MediaType == "text/event-stream" ? "" : await answer.Content.ReadAsStringAsync();
        return (int)answer.StatusCode >= 500 ? $"{(int)answer.StatusCode} {said[..Math.Min(said.Length, 300)]}"
            : said.Contains("Only Bob reads this", StringComparison.Ordinal) || said.Contains("root:x:0", StringComparison.Ordinal) ? "shows what is another's"
            : answer.Headers.Contains("Set-Cookie") && answer.Headers.GetValues("Set-Cookie").Any(c => c.StartsWith("a=b", StringComparison.Ordinal)) ? "takes headers from a parameter"
            : answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location is { IsAbsoluteUri: true } ? $"sends to {answer.Headers.Location}" : null;
    }

    // Half a character has no bytes to be sent as.
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static IReadOnlyList<string> Parameters(string pattern) => [.. System.Text.RegularExpressions.Regex.Matches(pattern, @"\{\**([A-Za-z]+)").Select(m => m.Groups[1].Value)];

    private static IReadOnlyList<string> NamesOf(JsonElement operation) => operation.TryGetProperty("parameters", out var all) ? [.. all.EnumerateArray().Where(p => p.TryGetProperty("name", out _)).Select(p => p.GetProperty("name").GetString()!)] : [];

    /// <summary>The names of what a body holds, as the document has them.</summary>
    private static IReadOnlyList<string> BodyOf(JsonElement document, JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var body) || !body.GetProperty("content").TryGetProperty("application/json", out var content) || !content.TryGetProperty("schema", out var schema))
        {
            return [];
        }
        var name = schema.TryGetProperty("$ref", out var reference) ? reference.GetString()!.Split('/')[^1] : null;
        var whole = name is null ? schema : document.GetProperty("components").GetProperty("schemas").GetProperty(name);
        return whole.TryGetProperty("properties", out var properties) ? [.. properties.EnumerateObject().Select(p => p.Name)] : [];
    }

    private sealed record Target(string Path, string Method, IReadOnlyList<string> Parameters)
    {
        public IReadOnlyList<string> Body { get; init; } = [];

        /// <summary>A body with the right names and anything in them; one in three times whatever it was.</summary>
        public string Fill(string[] values, string otherwise)
        {
            if (Body.Count == 0 || values[0].Length % 3 == 0)
            {
                return otherwise;
            }
            object?[] kinds = [null, 5, -1L, 1e300, true, new[] { values[1] }, new { a = values[2] }, values[3], values[4], values[5]];
            return JsonSerializer.Serialize(Body.Select((name, i) => (name, Value: kinds[(values[i % values.Length].Length + i) % kinds.Length])).ToDictionary(p => p.name, p => p.Value is string text ? Whole(text) : p.Value));
        }
    }

    private sealed class LogOf : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue($"{formatter(state, exception)} {exception}");
        public void Dispose() { }
    }
}
