using System.Security.Cryptography;
using System.Text;

namespace ActorRaid.Gateway.Web;

/// <summary>A file of the page, out of the program itself.</summary>
/// <param name="Bytes">What is in it.</param>
/// <param name="Type">Its media type.</param>
/// <param name="Tag">Its entity tag: another one for other contents.</param>
internal sealed record PageFile(byte[] Bytes, string Type, string Tag)
{
    /// <summary>Path, file and media type of each.</summary>
    internal static (string Path, string File, string Type)[] All =>
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/app.css", "app.css", "text/css; charset=utf-8"),
        ("/app.js", "app.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "icon.svg", "image/svg+xml"),
    ];

    /// <summary>Reads it.</summary>
    /// <param name="file">Which.</param>
    /// <param name="type">Its media type.</param>
    /// <param name="inCluster">Whether the page is to ask for the cluster's other hosts as well.</param>
    internal static PageFile Load(string file, string type, bool inCluster)
    {
        using var stream = typeof(PageFile).Assembly.GetManifestResourceStream(file) ?? throw new InvalidOperationException($"{file} is not in the program");
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        var bytes = Encoding.UTF8.GetBytes(inCluster ? text.Replace("data-member=\"no\"", "data-member=\"yes\"", StringComparison.Ordinal) : text);
        return new PageFile(bytes, type, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"");
    }

    /// <summary>Answers with it, or that the client has it already.</summary>
    internal async Task Serve(HttpContext context)
    {
        context.Response.Headers.ETag = Tag;
        context.Response.Headers.CacheControl = "no-cache";
        if (context.Request.Headers.IfNoneMatch == Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = Type;
        context.Response.ContentLength = Bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(Bytes, context.RequestAborted);
    }
}
