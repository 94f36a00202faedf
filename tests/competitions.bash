# shellcheck shell=bash
# Small competitions of ten kinds, made here: the same bytes every time.

# shellcheck disable=SC2034 # read by the tests that source this
kinds=(classes probability columns labels ranking pairs runs coordinates series text)

# make_competition KIND FOLDER: its train.csv, test.csv and sample_submission.csv.
make_competition() {
  mkdir -p "$2"
  awk -v kind="$1" -v folder="$2" '
    function put(file, text) { print text > (folder "/" file) }
    function pick(list, i,    parts, n) { n = split(list, parts, " "); return parts[i % n + 1] }
    # A number from 0 to 999 that looks like chance and is not.
    function chance(i) { return int((i * 7919 + i * i * 31 + 17) / 7) % 1000 }
    BEGIN {
      rows = 400; tests = 60
      sex = "male female"; colour = "red green blue"
      if (kind == "classes") {
        put("train.csv", "id,sex,colour,weight,species")
        for (i = 1; i <= rows; i++) put("train.csv", i "," pick(sex, chance(i)) "," pick(colour, i) "," chance(i) / 10 "," (chance(i + 3) < 700 ? pick("cat dog fox", i) : "cat"))
        put("test.csv", "id,sex,colour,weight"); put("sample_submission.csv", "id,species")
        for (i = 401; i <= rows + tests; i++) { put("test.csv", i "," pick(sex, i) "," pick(colour, i) "," chance(i) / 10); put("sample_submission.csv", i ",cat") }
      } else if (kind == "probability") {
        put("train.csv", "PassengerId,Sex,Age,Survived")
        for (i = 1; i <= rows; i++) { s = pick(sex, chance(i)); put("train.csv", i "," s "," (i % 9 ? 20 + i % 50 : "") "," (chance(i + 1) < (s == "female" ? 800 : 200) ? 1 : 0)) }
        put("test.csv", "PassengerId,Sex,Age"); put("sample_submission.csv", "PassengerId,Survived")
        for (i = 401; i <= rows + tests; i++) { put("test.csv", i "," pick(sex, i) "," 20 + i % 50); put("sample_submission.csv", i ",0.5") }
      } else if (kind == "columns") {
        put("train.csv", "id,Drug,Stage,Status")
        for (i = 1; i <= rows; i++) put("train.csv", i "," pick("A B", i) "," chance(i) % 4 "," pick("C C C CL D D", chance(i)))
        put("test.csv", "id,Drug,Stage"); put("sample_submission.csv", "id,Status_C,Status_CL,Status_D")
        for (i = 401; i <= rows + tests; i++) { put("test.csv", i "," pick("A B", i) "," chance(i) % 4); put("sample_submission.csv", i ",0.6,0.1,0.3") }
      } else if (kind == "labels") {
        put("train.csv", "image,labels")
        for (i = 1; i <= rows; i++) put("train.csv", "t" i ".jpg," pick("healthy scab rust;scab rot rust", chance(i)))
        put("sample_submission.csv", "image,labels")
        for (i = 1; i <= tests; i++) put("sample_submission.csv", "s" i ".jpg,healthy")
      } else if (kind == "ranking") {
        put("train.csv", "customer_id,article_id"); put("sample_submission.csv", "customer_id,prediction")
        for (i = 1; i <= rows; i++) put("train.csv", "c" i % 60 + 1 ",0" 700 + chance(i) % 40)
        put("test.csv", "customer_id,age")
        for (i = 1; i <= tests; i++) { put("test.csv", "c" i "," 20 + i); put("sample_submission.csv", "c" i ",0700 0701 0702 0703 0704") }
      } else if (kind == "pairs") {
        put("train.csv", "filename,ground_truth")
        for (i = 1; i <= rows; i++) put("train.csv", "train_" i ".png," pick("Abril Bagua Estella", chance(i)))
        put("test.csv", "row_id,query_image,gallery_image"); put("sample_submission.csv", "row_id,similarity")
        for (i = 0; i < 12; i++) for (j = 0; j < 12; j++) if (i != j) { put("test.csv", n ",test_" i ".png,test_" j ".png"); put("sample_submission.csv", n + 0 "," "0.5"); n++ }
      } else if (kind == "runs") {
        put("train.csv", "id,class,segmentation"); put("sample_submission.csv", "id,class,segmentation")
        for (i = 1; i <= rows; i++) put("train.csv", "scan" int((i - 1) / 2) "," pick("large small", i) "," 1 + chance(i) " 5 " 2000 + chance(i) " 7")
        for (i = 1; i <= tests; i++) put("sample_submission.csv", "new" i "," pick("large small", i) ",1 1 5 1")
      } else if (kind == "coordinates") {
        put("train.csv", "device_id,floor,lat_deg,lon_deg"); put("test.csv", "device_id,floor"); put("sample_submission.csv", "device_id,lat_deg,lon_deg")
        for (i = 1; i <= rows; i++) put("train.csv", "d" i "," chance(i) % 3 "," 48 + chance(i) / 1000 "," 11 + chance(i + 5) / 1000)
        for (i = 401; i <= rows + tests; i++) { put("test.csv", "d" i "," chance(i) % 3); put("sample_submission.csv", "d" i ",0.0,0.0") }
      } else if (kind == "series") {
        put("train.csv", "id,date,store,sales"); put("test.csv", "id,date,store"); put("sample_submission.csv", "id,sales")
        for (d = 1; d <= 28; d++) for (s = 1; s <= 5; s++) put("train.csv", n++ "," sprintf("2024-01-%02d", d) ",s" s "," s * 100 + chance(n) % 50 + 0.5)
        for (d = 1; d <= 12; d++) for (s = 1; s <= 5; s++) { put("test.csv", n "," sprintf("2024-02-%02d", d) ",s" s); put("sample_submission.csv", n++ ",0.0") }
      } else if (kind == "text") {
        put("train.csv", "id,question,answer"); put("test.csv", "id,question"); put("sample_submission.csv", "id,answer")
        for (i = 1; i <= rows; i++) put("train.csv", i ",\"What is it, number " i "?\",\"It is the thing that is called number " i ", and nobody knows why.\"")
        for (i = 401; i <= rows + tests; i++) { put("test.csv", i ",\"What is it, number " i "?\""); put("sample_submission.csv", i ",I do not know") }
      }
    }'
}
