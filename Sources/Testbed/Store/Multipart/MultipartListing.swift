import NetIO
import Presign

extension StoreHandler {
    func listParts(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) -> HTTPResponse {
        let upload = try upload(call, bucket, key)
        let limit = min(1000, try call.query.integer("max-parts", in: 0...Int(Int32.max)) ?? 1000)
        let marker =
            try call.query.integer("part-number-marker", in: 0...Int(Int32.max)) ?? 0
        let numbers = upload.parts.keys.filter { $0 > marker }.sorted()
        let page = numbers.prefix(limit)
        return .document("ListPartsResult") { xml in
            xml.text("Bucket", bucket.name)
            xml.text("Key", key.bytes)
            xml.text("UploadId", upload.id)
            Self.owner("Initiator", &xml)
            Self.owner("Owner", &xml)
            xml.text("StorageClass", upload.properties.storageClass)
            xml.text("PartNumberMarker", "\(marker)")
            if let last = page.last { xml.text("NextPartNumberMarker", "\(last)") }
            xml.text("MaxParts", "\(limit)")
            // Of pages of nothing there is no end.
            xml.text("IsTruncated", limit > 0 && page.count < numbers.count ? "true" : "false")
            if let algorithm = upload.chosenAlgorithm {
                xml.text("ChecksumAlgorithm", algorithm.rawValue)
                xml.text("ChecksumType", upload.kind.rawValue)
            }
            for number in page {
                guard let part = upload.parts[number] else { continue }
                Self.write(part, number, upload.chosenAlgorithm, &xml)
            }
        }
    }

    private static func write(
        _ part: UploadedPart, _ number: Int, _ algorithm: ChecksumAlgorithm?,
        _ xml: inout XMLWriter
    ) {
        xml.element("Part") { xml in
            xml.text("PartNumber", "\(number)")
            xml.text("LastModified", part.lastModified.milliseconds)
            xml.text("ETag", part.etag)
            xml.text("Size", "\(part.sizeBytes)")
            if let algorithm, let value = part.checksums[algorithm] {
                xml.text(algorithm.elementName, Base64.encode(value))
            }
        }
    }

    func listUploads(_ call: StoreCall, _ bucket: Bucket) throws(S3Failure) -> HTTPResponse {
        let limit = min(1000, try call.query.integer("max-uploads", in: 0...Int(Int32.max)) ?? 1000)
        let prefix = call.query.bytes("prefix") ?? []
        let marker = call.query.bytes("key-marker").map { ObjectKey($0) } ?? ObjectKey([])
        let idMarker = call.query.text("upload-id-marker") ?? ""
        let encodes = call.query.text("encoding-type") == "url"
        let all = bucket.uploads.values.filter { upload in
            upload.key.bytes.starts(with: prefix)
                && (marker.bytes.isEmpty || upload.key > marker
                    || (upload.key == marker && !idMarker.isEmpty && upload.id > idMarker))
        }.sorted { ($0.key, $0.id) < ($1.key, $1.id) }
        let page = all.prefix(limit)
        return .document("ListMultipartUploadsResult") { xml in
            let listing = ListingText(encodesURL: encodes)
            xml.text("Bucket", bucket.name)
            xml.text("KeyMarker", listing.text(marker.bytes))
            xml.text("UploadIdMarker", idMarker)
            if let last = page.last, page.count < all.count {
                xml.text("NextKeyMarker", listing.text(last.key.bytes))
                xml.text("NextUploadIdMarker", last.id)
            }
            if !prefix.isEmpty { xml.text("Prefix", listing.text(prefix)) }
            if encodes { xml.text("EncodingType", "url") }
            xml.text("MaxUploads", "\(limit)")
            xml.text("IsTruncated", page.count < all.count ? "true" : "false")
            for upload in page {
                xml.element("Upload") { xml in
                    xml.text("Key", listing.text(upload.key.bytes))
                    xml.text("UploadId", upload.id)
                    Self.owner("Initiator", &xml)
                    Self.owner("Owner", &xml)
                    xml.text("StorageClass", upload.properties.storageClass)
                    xml.text("Initiated", upload.initiated.milliseconds)
                }
            }
        }
    }
}
