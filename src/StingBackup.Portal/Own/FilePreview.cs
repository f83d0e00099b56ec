using StingBackup.Engine.People;

namespace StingBackup.Portal.Own;

/// <summary>What can be seen of a file without downloading it: a picture, the beginning of a text, or nothing.</summary>
/// <param name="Text">The beginning as text, or null.</param>
/// <param name="IsCut">Whether there is more of the text.</param>
/// <param name="IsImage">Whether it is a picture that browsers show.</param>
internal sealed record FilePreview(string? Text, bool IsCut, bool IsImage)
{
    private const int MostText = 64 << 10;
    private const long LargestImage = 32 << 20;

    public static async ValueTask<FilePreview> OfAsync(OwnFile file, CancellationToken cancel)
    {
        var head = await ReadAsync(file, MostText, cancel).ConfigureAwait(false);
        return ContentKinds.ImageTypeOf(head) is not null ? new FilePreview(null, false, file.Length <= LargestImage)
            : new FilePreview(ContentKinds.TextOf(head, head.Length == file.Length), head.Length < file.Length, false);
    }

    /// <summary>A picture, as its own bytes say; null where it is none or too large.</summary>
    public static async ValueTask<IResult?> ImageAsync(OwnFile file, CancellationToken cancel)
    {
        if (file.Length is < ContentKinds.HeadLength or > LargestImage)
        {
            return null;
        }
        var content = new TurnsStream(await file.OpenAsync(0, file.Length, cancel).ConfigureAwait(false));
        var head = new byte[ContentKinds.HeadLength];
        string? type = null;
        try
        {
            await content.ReadExactlyAsync(head, cancel).ConfigureAwait(false);
            type = ContentKinds.ImageTypeOf(head);
            return type is null ? null : new Image(content, head, file.Length, type);
        }
        finally
        {
            if (type is null)
            {
                await content.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<byte[]> ReadAsync(OwnFile file, int most, CancellationToken cancel)
    {
        var bytes = new byte[Math.Min(most, file.Length)];
        var stream = await file.OpenAsync(0, bytes.Length, cancel).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await stream.ReadExactlyAsync(bytes, cancel).ConfigureAwait(false);
        }
        return bytes;
    }

    /// <summary>Somebody's picture: opened by itself it runs nothing, loads nothing and is nobody's page.</summary>
    private sealed class Image(Stream rest, byte[] head, long length, string type) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var headers = httpContext.Response.Headers;
            headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
            headers.XContentTypeOptions = "nosniff";
            headers.ContentType = type;
            headers.ContentDisposition = "inline";
            headers.ContentLength = length;
            await using (rest.ConfigureAwait(false))
            {
                await httpContext.Response.Body.WriteAsync(head, httpContext.RequestAborted).ConfigureAwait(false);
                await FileDownload.CopyAsync(httpContext, rest).ConfigureAwait(false);
            }
        }
    }
}
