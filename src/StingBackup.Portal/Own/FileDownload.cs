using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;
using StingBackup.Engine.People;

namespace StingBackup.Portal.Own;

/// <summary>One file as a download: a stretch of it where one is asked for, nothing where the browser has it. It is always saved and never shown, whatever it is.</summary>
internal sealed partial class FileDownload(OwnFile file) : IResult
{
    private const int Buffer = 128 << 10;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        var headers = response.GetTypedHeaders();
        var tag = new EntityTagHeaderValue($"\"{file.ETag}\"");
        headers.ETag = tag;
        headers.LastModified = DateTimeOffset.FromUnixTimeSeconds(file.Item.ModifiedTime.ToUnixTimeSeconds());
        response.Headers.AcceptRanges = "bytes";
        var asked = request.GetTypedHeaders();
        if (asked.IfMatch is { Count: > 0 } wanted && !wanted.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Compare(tag, useStrongComparison: true)))
        {
            response.StatusCode = StatusCodes.Status412PreconditionFailed;
            return;
        }
        if (asked.IfNoneMatch is { Count: > 0 } known && known.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Compare(tag, useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        headers.ContentDisposition = DispositionOf(file.Name);
        headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var (offset, length) = (0L, file.Length);
        if (HttpMethods.IsGet(request.Method) && RangeOf(asked, tag, headers.LastModified) is { } range)
        {
            if (StretchOf(range, file.Length) is not { } stretch)
            {
                headers.ContentRange = new ContentRangeHeaderValue(file.Length);
                headers.ContentDisposition = null;
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                return;
            }
            (offset, length) = stretch;
            headers.ContentRange = new ContentRangeHeaderValue(offset, offset + length - 1, file.Length);
            response.StatusCode = StatusCodes.Status206PartialContent;
        }
        response.ContentLength = length;
        if (HttpMethods.IsGet(request.Method))
        {
            var content = new TurnsStream(await file.OpenAsync(offset, length, httpContext.RequestAborted).ConfigureAwait(false));
            await using (content.ConfigureAwait(false))
            {
                await CopyAsync(httpContext, content).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A header that has the name in a form that every browser reads: nothing in it can end the header or begin another, and what is shown of it is what it is: no mark turns its letters around.</summary>
    public static ContentDispositionHeaderValue DispositionOf(string name)
    {
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(string.Concat(name.EnumerateRunes().Select(r => IsPlain(r) ? r.ToString() : "_")));
        return disposition;
    }

    // Joiners are part of words and of pictures; other marks that nobody sees are not. Half a letter is read as the mark for one that is none.
    private static bool IsPlain(Rune r) => r.Value is not ('/' or '\\' or '"' or 0xfffd) && (r.Value is 0x200c or 0x200d || Rune.GetUnicodeCategory(r) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));

    /// <summary>Sends what a stream has. What fails in the midst ends the connection: whoever reads sees that it is not whole.</summary>
    public static async Task CopyAsync(HttpContext context, Stream content)
    {
        try
        {
            await content.CopyToAsync(context.Response.Body, Buffer, context.RequestAborted).ConfigureAwait(false);
        }
        catch (StingException e) when (context.Response.HasStarted)
        {
            Broken(context.RequestServices.GetRequiredService<ILogger<FileDownload>>(), e.ErrorId);
            context.Abort();
        }
    }

    // Of several stretches at once, which programs that download need not ask for, the whole is sent.
    private static RangeItemHeaderValue? RangeOf(RequestHeaders asked, EntityTagHeaderValue tag, DateTimeOffset? modified) =>
        asked.Range is { Ranges.Count: 1 } range && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            && (asked.IfRange is null || (asked.IfRange.EntityTag is { } known ? known.Compare(tag, useStrongComparison: true) : asked.IfRange.LastModified == modified))
            ? range.Ranges.Single() : null;

    private static (long Offset, long Length)? StretchOf(RangeItemHeaderValue range, long length) => range switch
    {
        { From: null, To: { } last } when last > 0 && length > 0 => (Math.Max(0, length - last), Math.Min(last, length)),
        { From: { } from } when from < length => (from, Math.Min(range.To ?? long.MaxValue, length - 1) - from + 1),
        _ => null,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "A download ended early: {ErrorId}")]
    private static partial void Broken(ILogger log, string errorId);
}
