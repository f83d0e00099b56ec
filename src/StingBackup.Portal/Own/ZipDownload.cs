using System.IO.Compression;
using System.Text;
using StingBackup.Engine.People;

namespace StingBackup.Portal.Own;

/// <summary>A selection as a zip that is made while it is sent: no more of it is in memory than a few chunks and the list of names. What cannot be read is named in a file of its own within it.</summary>
internal sealed partial class ZipDownload : IResult
{
    private const string Missing = "NOT IN THIS ARCHIVE.txt";
    private const int Buffer = 128 << 10, MostMissing = 1 << 20;
    private static readonly DateTimeOffset First = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero), Last = new(2107, 12, 31, 0, 0, 0, TimeSpan.Zero);

    private readonly IAsyncEnumerator<OwnFile> _files;
    private readonly string _folder, _name;
    private readonly TimeZoneInfo _zone;
    private readonly StringBuilder _missing = new();
    private bool _isMore;

    private ZipDownload(OwnReserve own, Selection selection, TimeZoneInfo zone, CancellationToken cancel)
    {
        _files = own.FilesAsync(selection.Run, selection.Paths, e => Miss(e.Message), cancel).GetAsyncEnumerator(cancel);
        (_folder, _zone) = (ZipNames.FolderOf(selection.Paths), zone);
        var of = selection.Paths.Count == 1 ? selection.Paths[0] : _folder;
        _name = $"{(of.Length == 0 ? "files" : of[(of.LastIndexOf('/') + 1)..])}-{selection.Run}.zip";
    }

    /// <summary>Begins one. That nothing of a selection is there is said before the first byte.</summary>
    public static async ValueTask<ZipDownload> BeginAsync(OwnReserve own, Selection selection, TimeZoneInfo zone, CancellationToken cancel)
    {
        var zip = new ZipDownload(own, selection, zone, cancel);
        var begun = false;
        try
        {
            begun = await zip._files.MoveNextAsync().ConfigureAwait(false);
            return begun ? zip : throw new StingException("ItemNotFound", FailureKind.NotFound, "There is no file in what was selected.", null, "Select files, or folders that hold some.");
        }
        finally
        {
            if (!begun)
            {
                await zip._files.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "application/zip";
        response.GetTypedHeaders().ContentDisposition = FileDownload.DispositionOf(_name);
        var cancel = httpContext.RequestAborted;
        await using (_files.ConfigureAwait(false))
        {
            try
            {
                using var body = new BodyStream(response.Body);
                var zip = await ZipArchive.CreateAsync(body, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8, cancel).ConfigureAwait(false);
                await using (zip.ConfigureAwait(false))
                {
                    do
                    {
                        await AddAsync(zip, _files.Current, cancel).ConfigureAwait(false);
                    }
                    while (await _files.MoveNextAsync().ConfigureAwait(false));
                    if (_missing.Length > 0)
                    {
                        var list = await zip.CreateEntry(Missing).OpenAsync(cancel).ConfigureAwait(false);
                        await using (list.ConfigureAwait(false))
                        {
                            await list.WriteAsync(Encoding.UTF8.GetBytes(_missing.ToString()), cancel).ConfigureAwait(false);
                        }
                    }
                }
                await body.FlushAsync(cancel).ConfigureAwait(false);
            }
            catch (StingException e) when (response.HasStarted)
            {
                Broken(httpContext.RequestServices.GetRequiredService<ILogger<ZipDownload>>(), e.ErrorId);
                httpContext.Abort();
            }
        }
    }

    private async ValueTask AddAsync(ZipArchive zip, OwnFile file, CancellationToken cancel)
    {
        Stream content;
        try
        {
            content = new TurnsStream(await file.OpenAsync(0, file.Length, cancel).ConfigureAwait(false));
        }
        catch (StingException e)
        {
            Miss(file, e);
            return;
        }
        await using (content.ConfigureAwait(false))
        {
            var entry = zip.CreateEntry(ZipNames.Of(PathOf(file), _folder), CompressionLevel.Fastest);
            var time = TimeZoneInfo.ConvertTime(file.Item.ModifiedTime, _zone);
            entry.LastWriteTime = time < First ? First : time > Last ? Last : time;
            var into = await entry.OpenAsync(cancel).ConfigureAwait(false);
            await using (into.ConfigureAwait(false))
            {
                try
                {
                    await content.CopyToAsync(into, Buffer, cancel).ConfigureAwait(false);
                }
                catch (StingException e)
                {
                    Miss(file, e);
                }
            }
        }
    }

    // Uploads of one name lie in folders of their own: no two become one.
    private static string PathOf(OwnFile file) => file.Name == file.Item.Name ? file.Item.Path : $"{file.Item.Path}/{file.Name.Replace('/', '_')}";

    private void Miss(OwnFile file, StingException e) => Miss($"{file.Item.Path}: not whole here, {e.ErrorId}");

    // Of very many the first are named, and that there are more.
    private void Miss(string line)
    {
        if (!_isMore)
        {
            _isMore = _missing.Length > MostMissing;
            _missing.Append(_isMore ? "and more" : line).Append("\r\n");
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An archive ended early: {ErrorId}")]
    private static partial void Broken(ILogger log, string errorId);
}
