using System.Net;
using System.Text;
using StingBackup.Fuzz.Tests.Loop;
using StingBackup.Portal.Own;
using StingBackup.Portal.SignIn;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>What the portal takes apart by itself. Its routes as a whole get garbage in StingBackup.Portal.Tests (GarbageTests), over HTTP and signed in.</summary>
internal static class PortalTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("portal-words", () => [Utf8("\0dXNlcnMvYQ"), Utf8("\u0001backup_20260101_020304"), Utf8("\u0002users/a/b.txt"), Utf8("\u0003/documents?path=a"), Utf8("\u0004users/CON. /a:b")], ReadWord) { Words = ["..", "//", "\\", "\r\n", "%2e", "\u202e", "CON"] },
        new("portal-kratos", () => [Utf8("""{"id":"s","active":true,"authenticated_at":"2026-01-02T03:04:05Z","identity":{"id":"75c469b7-18dc-4c38-b360-b5541639905b","state":"active","traits":{"name":{"first":"Ada","last":"L"},"email":"a@b"},"verifiable_addresses":[{"value":"a@b","verified":true,"via":"email","status":"completed"}]}}""")], static input =>
        {
            using var client = new KratosClient(new Uri("http://kratos/"), new Canned(input));
            client.AskAsync("ory_kratos_session=x", default).AsTask().GetAwaiter().GetResult();
        }) { Words = ["\"name\":", "\"identity\":", "\"traits\":", "\"verifiable_addresses\":", "\\ud800", "null"], PerByte = 4000, Floor = 1 << 20 },
        new("portal-preview", () => [Utf8("text"), [0xff, 0xfe, 65, 0], [0xef, 0xbb, 0xbf, 65], [0xc3, 0xa9, 0xe9]], static input =>
        {
            ContentKinds.ImageTypeOf(input);
            ContentKinds.TextOf(input, isWhole: true);
            ContentKinds.TextOf(input, isWhole: false);
        }) { Refuses = static _ => false },
    ];

    private static void ReadWord(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }
        var text = Encoding.UTF8.GetString(input.AsSpan(1));
        switch (input[0] % 5)
        {
            case 0:
                if (Given.FromCursor(text) is { Length: > 0 } cursor && Given.FromCursor(Given.ToCursor(cursor)) != cursor)
                {
                    throw new MisreadException("a cursor reads back as another");
                }
                break;
            case 1:
                Given.Run(text);
                Given.OptionalId(text, "jar");
                break;
            case 2:
                new Selections(TimeProvider.System).Keep(Selections.Of("ada", null, null, text.Split('\n')));
                break;
            case 3:
                if (LocalPath.Of(text) is var local && (!local.StartsWith('/') || local.StartsWith("//", StringComparison.Ordinal) || local.StartsWith("/\\", StringComparison.Ordinal)))
                {
                    throw new MisreadException("a path of ours leads elsewhere");
                }
                break;
            default:
                if (ZipNames.Of(text, ZipNames.FolderOf([text])) is var name && name.Split('/').Any(p => p is "" or "." or ".."))
                {
                    throw new MisreadException("a name in a zip leaves it");
                }
                break;
        }
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private sealed class Canned(byte[] body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body) });
    }
}
